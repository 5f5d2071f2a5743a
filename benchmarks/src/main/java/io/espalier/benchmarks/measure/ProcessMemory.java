package io.espalier.benchmarks.measure;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The memory of this process as Linux counts it, in bytes. The page cache is shared and not counted. */
final class ProcessMemory {
    private static final Path SELF = Path.of("/proc/self/status");
    private static final Path MACHINE = Path.of("/proc/meminfo");
    private static final long KILOBYTE = 1024;

    private ProcessMemory() {}

    /** The largest resident set of this process so far. */
    static long peak() {
        return read(SELF, "VmHWM");
    }

    /** The current resident set of this process. */
    static long resident() {
        return read(SELF, "VmRSS");
    }

    /** The memory that is available on the machine. */
    static long available() {
        return read(MACHINE, "MemAvailable");
    }

    private static long read(Path file, String field) {
        try (var lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(field + ":"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * KILOBYTE)
                    .findFirst()
                    .orElseThrow(() -> new IOException(file + " has no " + field));
        } catch (IOException e) {
            throw new EspalierException(
                    ErrorCode.INTERNAL, "bench: memory is read from " + file + ", which only Linux has", e);
        }
    }
}
