package io.espalier.cli;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;

/** Creates job ids. They are readable and sort by time, and random digits distinguish ids of the same second. */
final class JobIds {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);
    private static final SecureRandom RANDOM = new SecureRandom();

    private JobIds() {}

    /** A new id, for example {@code demo-20260131-174500-3fa9}. */
    static String next(String prefix, Clock clock) {
        byte[] tail = new byte[2];
        RANDOM.nextBytes(tail);
        return prefix + "-" + TIME.format(clock.instant()) + "-"
                + HexFormat.of().formatHex(tail);
    }
}
