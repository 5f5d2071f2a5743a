package io.espalier.system;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Tests that share a stack of which nothing breaks; after each class every promise is checked of all its jobs. What a
 * class changes of the services, it restores. Job ids are unique among all classes.
 */
abstract class SoundStack {
    /** The least a worker may be given, in bytes. */
    static final long BUDGET = 64 << 20;

    @RegisterExtension
    static final SharedStack SHARED = new SharedStack(folder -> Stack.startContained(
            Folders.withCopies(folder),
            "-Despalier.memory.budget=" + BUDGET,
            // Spans are made; nobody listens behind the exporter's port, and that does no harm.
            "-Dquarkus.otel.sdk.disabled=false",
            "-Dquarkus.otel.exporter.otlp.endpoint=http://127.0.0.1:1"));

    static Stack stack;

    @BeforeAll
    static void share(Stack shared) {
        stack = shared;
    }

    @AfterAll
    static void everyPromiseHolds() {
        new PipelineVerifier(stack).verifyWithCompletion();
    }
}
