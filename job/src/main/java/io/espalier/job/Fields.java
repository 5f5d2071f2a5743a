package io.espalier.job;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.util.List;

/** Reading single fields of a request; every refusal names the field and what it may be. */
final class Fields {
    private static final int SHOWN_CHARS = 60;

    private Fields() {}

    static void required(String value, String field, String what) {
        if (value.isEmpty()) {
            throw invalid(field, "is missing; name " + what);
        }
    }

    static void within(int value, int min, int max, String field) {
        if (value < min || value > max) {
            throw invalid(field, "is %d; it must be between %d and %d".formatted(value, min, max));
        }
    }

    /** A uint32 field, 0 meaning its default. */
    static int count(int value, int fallback, int min, int max, String field) {
        long unsigned = Integer.toUnsignedLong(value);
        long chosen = unsigned == 0 ? fallback : unsigned;
        if (chosen < min || chosen > max) {
            throw invalid(field, "is %d; it must be between %d and %d".formatted(chosen, min, max));
        }
        return (int) chosen;
    }

    /** One of several words; the first is the default. */
    static String choice(String value, String field, List<String> allowed) {
        String chosen = or(value, allowed.get(0));
        if (!allowed.contains(chosen)) {
            throw invalid(field, "is \"%s\"; it must be one of %s".formatted(shortened(chosen), allowed));
        }
        return chosen;
    }

    static String or(String value, String fallback) {
        return value.isEmpty() ? fallback : value;
    }

    static String shortened(String value) {
        return value.length() <= SHOWN_CHARS ? value : value.substring(0, SHOWN_CHARS) + "…";
    }

    static EspalierException invalid(String field, String what) {
        return new EspalierException(ErrorCode.INVALID_ARGUMENT, field + " " + what);
    }
}
