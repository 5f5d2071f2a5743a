package io.espalier.cli;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;

/** New job ids: readable, in the order of time, never the same twice. */
final class JobIds {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);
    private static final SecureRandom RANDOM = new SecureRandom();

    private JobIds() {}

    /** For example {@code demo-20260131-174500-3fa9}. */
    static String next(String prefix, Clock clock) {
        byte[] tail = new byte[2];
        RANDOM.nextBytes(tail);
        return prefix + "-" + TIME.format(clock.instant()) + "-"
                + HexFormat.of().formatHex(tail);
    }
}
