package io.espalier.model.export;

/** 16-bit floating-point numbers: IEEE half precision and bfloat16. Conversions round to the nearest, ties to even. */
final class Halves {
    private static final int MANTISSA_SHIFT = 13;
    private static final int HALF_INFINITY = 0x7c00;
    private static final int FLOAT_INFINITY = 0x7f800000;
    /** 65520, from which on a float is rounded to infinity. */
    private static final int OVERFLOW = 0x477ff000;
    /** 2^-14, the smallest normal half. */
    private static final int SMALLEST_NORMAL = 0x38800000;
    /** The difference of the exponents' biases, in the place of a float's exponent. */
    private static final int REBIAS = (127 - 15) << 23;

    /** 2^24: the smallest half is one unit after multiplication with it. */
    private static final float SUBNORMAL_UNITS = 1 << 24;

    private Halves() {}

    static short ofFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        int magnitude = bits & Integer.MAX_VALUE;
        if (magnitude > FLOAT_INFINITY) {
            return (short) (sign | HALF_INFINITY | 0x200);
        }
        if (magnitude >= OVERFLOW) {
            return (short) (sign | HALF_INFINITY);
        }
        if (magnitude < SMALLEST_NORMAL) {
            return (short) (sign | (int) Math.rint(Math.abs(value) * SUBNORMAL_UNITS));
        }
        int odd = (magnitude >>> MANTISSA_SHIFT) & 1;
        return (short) (sign | ((magnitude - REBIAS + 0xfff + odd) >>> MANTISSA_SHIFT));
    }

    static float toFloat(short half) {
        int magnitude = half & 0x7fff;
        float value;
        if (magnitude >= HALF_INFINITY) {
            value = magnitude == HALF_INFINITY ? Float.POSITIVE_INFINITY : Float.NaN;
        } else if (magnitude < 0x400) {
            value = magnitude / SUBNORMAL_UNITS;
        } else {
            value = Float.intBitsToFloat((magnitude << MANTISSA_SHIFT) + REBIAS);
        }
        return half < 0 ? -value : value;
    }

    static boolean isFinite(short half) {
        return (half & HALF_INFINITY) != HALF_INFINITY;
    }

    static short brainOfFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    static float brainToFloat(short brain) {
        return Float.intBitsToFloat(brain << 16);
    }
}
