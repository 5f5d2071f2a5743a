package io.espalier.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever is read from outside is read or refused: no {@link Error}, no exception but a typed one, no hang, bounded memory. A
 * mutant that fails stays in {@code target/fuzz}; one that ends the process is the newest file there.
 */
class FuzzTest {
    private static final int MUTANTS = Integer.getInteger("espalier.fuzz.mutants", 10_000);
    private static final long SEED = Long.getLong("espalier.fuzz.seed", 1);
    private static final Path KEPT = Path.of("target", "fuzz");

    /** A thousand times what one takes; not a figure that is measured. */
    private static final int HANG_SECONDS = 30;

    private static final long MAX_ALLOCATED = 256L << 20;
    private static final int MAX_MESSAGE = 1_000;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource(FuzzTarget.class)
    void everyMutantIsReadOrRefused(FuzzTarget target) throws Exception {
        // Given
        Mutator mutator = new Mutator(SEED, target.corpus());
        Path mutant = Files.createDirectories(KEPT).resolve(target.name().toLowerCase(Locale.ROOT));
        int refused = 0;
        ExecutorService reader = Executors.newSingleThreadExecutor(FuzzTest::daemon);
        try (FuzzTarget.Reader read = target.open(folder)) {
            // When
            for (int i = 0; i < MUTANTS; i++) {
                byte[] bytes = mutator.next();
                Files.write(mutant, bytes);
                refused += refuses(
                                read,
                                bytes,
                                reader,
                                "%s: mutant %d of seed %d, kept as %s".formatted(target, i, SEED, mutant))
                        ? 1
                        : 0;
            }
        } finally {
            reader.shutdownNow();
        }

        // Then
        Files.delete(mutant);
        assertThat(refused).as("refused").isBetween(MUTANTS / 100, MUTANTS - 1);
    }

    private static boolean refuses(FuzzTarget.Reader read, byte[] bytes, ExecutorService reader, String which)
            throws InterruptedException, IOException {
        Future<Boolean> outcome = reader.submit(() -> refuses(read, bytes));
        try {
            return outcome.get(HANG_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return fail(which, e.getCause());
        } catch (TimeoutException e) {
            return fail(which + " is still read after %d s".formatted(HANG_SECONDS));
        }
    }

    private static boolean refuses(FuzzTarget.Reader read, byte[] bytes) throws IOException {
        ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = thread.getCurrentThreadAllocatedBytes();
        boolean refused = false;
        try {
            read.read(bytes);
        } catch (EspalierException e) {
            assertThat(e.code()).isNotIn(ErrorCode.INTERNAL, ErrorCode.DISK_FULL, ErrorCode.CANCELLED);
            assertThat(e.getMessage())
                    .isNotBlank()
                    .hasSizeLessThanOrEqualTo(MAX_MESSAGE)
                    .matches("\\P{Cntrl}*");
            refused = true;
        }
        assertThat(thread.getCurrentThreadAllocatedBytes() - before).isLessThan(MAX_ALLOCATED);
        return refused;
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "reads mutants");
        thread.setDaemon(true);
        return thread;
    }
}
