package io.espalier.benchmarks.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What all processors of this machine did since it started, in ticks as Linux counts them (proc(5)).
 *
 * @param used of any process or of the system itself
 * @param stolen in which something wanted to run and the host of this virtual machine ran something else
 */
record ProcessorTime(long used, long stolen) {
    private static final Path STATISTICS = Path.of("/proc/stat");
    private static final int STOLEN = 7;

    /** User, nice, system, then those spent on interrupts; between them two kinds of idleness. */
    private static final int[] USED = {0, 1, 2, 5, 6};

    /** Nothing at all where the system does not tell. */
    static ProcessorTime now() {
        try (Stream<String> lines = Files.lines(STATISTICS)) {
            return lines.findFirst().map(ProcessorTime::parse).orElse(new ProcessorTime(0, 0));
        } catch (IOException e) {
            return new ProcessorTime(0, 0);
        }
    }

    /** @param line the sum over all processors, with which the statistics begin */
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

    /** Of the time that was wanted since then, the share that the host did not give, 0 to 1. */
    double stolenSince(ProcessorTime before) {
        long taken = stolen - before.stolen;
        long wanted = used - before.used + taken;
        return wanted > 0 ? (double) taken / wanted : 0;
    }
}
