package io.espalier.benchmarks.measure;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Memory as Linux counts it, in bytes; the page cache is not a process's own and not counted. */
final class ProcessMemory {
    private static final Path SELF = Path.of("/proc/self/status");
    private static final Path MACHINE = Path.of("/proc/meminfo");
    private static final long KILOBYTE = 1024;

    private ProcessMemory() {}

    /** Highest resident set of this process so far. */
    static long peak() {
        return read(SELF, "VmHWM");
    }

    /** Resident set of this process now. */
    static long resident() {
        return read(SELF, "VmRSS");
    }

    /** What the machine can still give. */
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
