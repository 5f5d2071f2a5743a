package io.espalier.model.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ParallelTest {
    private int threads;

    @BeforeEach
    void remember() {
        threads = Engine.profile().threads();
    }

    @AfterEach
    void restore() {
        Engine.setThreads(threads);
    }

    @Test
    void everyPieceRunsOnceAndTwoRunAtTheSameTime() {
        // Given
        Engine.setThreads(2);
        var done = new ConcurrentLinkedQueue<Integer>();
        Phaser bothThere = new Phaser(Parallel.WAYS);

        // When
        Parallel.each(4, piece -> {
            bothThere.arriveAndAwaitAdvance();
            done.add(piece);
        });

        // Then
        assertThat(done).containsExactlyInAnyOrder(0, 1, 2, 3);
    }

    @Test
    void piecesRunOneAfterTheOtherWhenThreadsCannotBeDividedEvenly() {
        // Given
        Engine.setThreads(3);
        Set<Thread> workers = ConcurrentHashMap.newKeySet();

        // When
        Parallel.each(4, piece -> workers.add(Thread.currentThread()));

        // Then
        assertThat(workers).containsExactly(Thread.currentThread());
    }

    @Test
    void aFailureReachesTheCallerAndNoFurtherPieceIsStarted() {
        // Given
        Engine.setThreads(2);
        int pieces = 1000;
        var done = new ConcurrentLinkedQueue<Integer>();

        // When
        assertThatIllegalStateException()
                .isThrownBy(() -> Parallel.each(pieces, piece -> {
                    if (piece == 0) {
                        throw new IllegalStateException("piece 0");
                    }
                    LockSupport.parkNanos(1_000_000);
                    done.add(piece);
                }))
                .withMessage("piece 0");

        // Then
        assertThat(done).hasSizeLessThan(pieces - 1);
    }

    @Test
    void noKernelRunsAfterTheWorkIsCancelled() {
        // Given
        Cancellation cancellation = new Cancellation();
        cancellation.request("the job has ended");

        // When
        EspalierException end = catchThrowableOfType(
                EspalierException.class,
                () -> cancellation.around(() -> {
                    try (Scope scope = Scope.open()) {
                        return new Kernels(scope).copy(scope.floats(new float[4], 4));
                    }
                }));

        // Then
        assertThat(end.code()).isEqualTo(ErrorCode.CANCELLED);
    }
}
