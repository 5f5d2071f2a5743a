package io.espalier.evaluator.llama;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Linux's record of the memory of a process. */
final class ProcessMemory {
    private static final Pattern PEAK = Pattern.compile("(?m)^VmHWM:\\s+(\\d{1,15}) kB$");
    private static final long KIB = 1024;

    private ProcessMemory() {}

    /**
     * The most memory that was resident, mapped files included.
     *
     * @param status such as {@code /proc/1/status}
     * @return in bytes; 0 where it is not recorded
     */
    static long peak(Path status) {
        try {
            Matcher peak = PEAK.matcher(Files.readString(status));
            return peak.find() ? KIB * Long.parseLong(peak.group(1)) : 0;
        } catch (IOException e) {
            return 0;
        }
    }
}
