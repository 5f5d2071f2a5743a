package io.espalier.model.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Phaser;
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
    void everyPieceIsDoneOnceAndTwoAreUnderWayTogether() {
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
    void threadsThatCannotBeSharedOutStayTogether() {
        // Given
        Engine.setThreads(3);
        Set<Thread> workers = ConcurrentHashMap.newKeySet();

        // When
        Parallel.each(4, piece -> workers.add(Thread.currentThread()));

        // Then
        assertThat(workers).containsExactly(Thread.currentThread());
    }

    @Test
    void aFailureReachesWhoeverAskedOnceNothingIsUnderWay() {
        // Given
        Engine.setThreads(2);
        var done = new ConcurrentLinkedQueue<Integer>();

        // When
        assertThatIllegalStateException()
                .isThrownBy(() -> Parallel.each(6, piece -> {
                    if (piece == 0) {
                        throw new IllegalStateException("piece 0");
                    }
                    done.add(piece);
                }))
                .withMessage("piece 0");

        // Then
        assertThat(done).containsExactlyInAnyOrder(1, 2, 3, 4, 5);
    }
}
