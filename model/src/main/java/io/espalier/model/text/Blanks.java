package io.espalier.model.text;

/** White space as Python has it, by which lm-evaluation-harness strips: Java's own leaves no-break spaces. */
public final class Blanks {
    private static final int NEXT_LINE = 0x85;

    private Blanks() {}

    public static String strip(String text) {
        int end = end(text);
        int start = 0;
        while (start < end && blank(text.charAt(start))) {
            start++;
        }
        return text.substring(start, end);
    }

    /** Index behind the last character that is no white space. */
    public static int end(String text) {
        int end = text.length();
        while (end > 0 && blank(text.charAt(end - 1))) {
            end--;
        }
        return end;
    }

    public static boolean blank(char character) {
        return Character.isWhitespace(character) || Character.isSpaceChar(character) || character == NEXT_LINE;
    }
}
