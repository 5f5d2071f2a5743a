package io.espalier.model.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.pytorch.jni.JniUtils;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EngineTest {
    private final ExecutorService first = Executors.newSingleThreadExecutor();
    private final ExecutorService second = Executors.newSingleThreadExecutor();
    private int threads;

    @BeforeEach
    void remember() {
        threads = Engine.profile().threads();
    }

    @AfterEach
    void restore() {
        Engine.setThreads(threads);
        first.shutdown();
        second.shutdown();
    }

    @Test
    void aThreadKeepsItsNumberOfThreadsWhenAnotherIsLimitedBeforeItsFirstProduct() throws Exception {
        // Given
        Engine.setThreads(2);
        first.submit(this::reserve).get();
        second.submit(() -> {
                    Engine.started().limitThreads(1);
                    reserve();
                })
                .get();

        // When
        int seen = first.submit(() -> JniUtils.getNumThreads()).get();

        // Then
        assertThat(seen).isEqualTo(2);
    }

    /** Calls a kernel that computes nothing, as a thread does that reads something first. */
    private void reserve() {
        try (Scope scope = Scope.open()) {
            new Kernels(scope).reserve(1, ComputeType.FP32);
        }
    }
}
