package io.espalier.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class CancellationTest {
    private final Cancellation cancellation = new Cancellation();

    @Test
    void workStopsAtItsNextLookOnceAnotherThreadAsksForIt() throws InterruptedException {
        // Given
        CountDownLatch working = new CountDownLatch(1);
        CompletableFuture<EspalierException> end = CompletableFuture.supplyAsync(
                () -> catchThrowableOfType(EspalierException.class, () -> cancellation.around(() -> endless(working))));
        working.await();

        // When
        cancellation.request("the job has ended");

        // Then
        assertThat(end.join().code()).isEqualTo(ErrorCode.CANCELLED);
        assertThat(end.join()).hasMessage("the job has ended");
    }

    @Test
    void theFirstReasonStands() {
        // Given
        cancellation.request("first");

        // When
        cancellation.request("second");

        // Then
        EspalierException end =
                catchThrowableOfType(EspalierException.class, () -> cancellation.around(CancellationTest::oneStep));
        assertThat(end).hasMessage("first");
    }

    @Test
    void otherWorkOfTheThreadGoesOnAfterwards() {
        // Given
        cancellation.request("stop");

        // When
        EspalierException end =
                catchThrowableOfType(EspalierException.class, () -> cancellation.around(CancellationTest::oneStep));

        // Then
        assertThat(end).isNotNull();
        assertThatCode(Cancellation::check).doesNotThrowAnyException();
    }

    private static boolean oneStep() {
        Cancellation.check();
        return true;
    }

    private static boolean endless(CountDownLatch working) {
        working.countDown();
        while (true) {
            Cancellation.check();
            Thread.onSpinWait();
        }
    }
}
