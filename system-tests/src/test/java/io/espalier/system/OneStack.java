package io.espalier.system;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Tests that share one stack with a worker for each stage; after each of them every promise is checked. */
abstract class OneStack {
    static Stack stack;

    @BeforeAll
    static void start(@TempDir Path folder) throws IOException, InterruptedException {
        stack = Stack.start(Folders.of(folder), 1);
    }

    @AfterAll
    static void stop() {
        stack.close();
    }

    @AfterEach
    void everyPromiseHolds() {
        new PipelineVerifier(stack).verify();
    }
}
