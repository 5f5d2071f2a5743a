package io.espalier.benchmarks.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The time of all processors since the machine started, in ticks as Linux counts them (proc(5)).
 *
 * @param used time in which a process or the system ran
 * @param stolen time in which something was ready to run but the host of this virtual machine ran something else
 */
record ProcessorTime(long used, long stolen) {
    private static final Path STATISTICS = Path.of("/proc/stat");
    private static final int STOLEN = 7;

    /**
     * The columns of user, nice, system and the two kinds of interrupts. The two columns of idle time lie between them.
     */
    private static final int[] USED = {0, 1, 2, 5, 6};

    /** The processor time now; all zeros if the system does not report it. */
    static ProcessorTime now() {
        try (Stream<String> lines = Files.lines(STATISTICS)) {
            return lines.findFirst().map(ProcessorTime::parse).orElse(new ProcessorTime(0, 0));
        } catch (IOException e) {
            return new ProcessorTime(0, 0);
        }
    }

    /** @param line the first line of the statistics, the sum over all processors */
    static ProcessorTime parse(String line) {
        long[] ticks = Stream.of(line.trim().split("\\s+"))
                .skip(1)
                .mapToLong(Long::parseLong)
                .toArray();
        long used = 0;
        for (int field : USED) {
            used += ticks[field];
        }
        return new ProcessorTime(used, ticks.length > STOLEN ? ticks[STOLEN] : 0);
    }

    /** The share of stolen time in the processor time that was needed since then, 0 to 1. */
    double stolenSince(ProcessorTime before) {
        long taken = stolen - before.stolen;
        long wanted = used - before.used + taken;
        return wanted > 0 ? (double) taken / wanted : 0;
    }
}
