package io.espalier.model.text;

import java.util.ArrayDeque;
import java.util.Deque;

/** A regular expression by which a tokenizer splits texts. */
final class SplitPattern {
    private SplitPattern() {}

    /**
     * Whether a group that is repeated without a bound holds such a repetition itself, as {@code (a+)+}. Matching one takes
     * time that grows exponentially with some texts; no tokenizer that is known has one.
     */
    static boolean repeatsARepetition(String pattern) {
        Deque<Boolean> repeatsInside = new ArrayDeque<>();
        repeatsInside.push(false);
        for (int i = 0; i < pattern.length(); i++) {
            switch (pattern.charAt(i)) {
                case '\\' -> i++;
                case '[' -> i = endOfClass(pattern, i);
                case '(' -> repeatsInside.push(false);
                case ')' -> {
                    if (repeatsInside.size() > 1 && repeatsInside.pop()) {
                        if (isUnbounded(pattern, i + 1)) {
                            return true;
                        }
                        repeatsInside.pop();
                        repeatsInside.push(true);
                    }
                }
                case '*', '+', '{' -> {
                    if (isUnbounded(pattern, i)) {
                        repeatsInside.pop();
                        repeatsInside.push(true);
                    }
                }
                default -> {}
            }
        }
        return false;
    }

    /** Whether a repetition without a bound stands here. */
    private static boolean isUnbounded(String pattern, int at) {
        if (at >= pattern.length()) {
            return false;
        }
        return switch (pattern.charAt(at)) {
            case '*', '+' -> true;
            case '{' -> {
                int end = pattern.indexOf('}', at);
                yield end > at && pattern.charAt(end - 1) == ',';
            }
            default -> false;
        };
    }

    /** @return where the bracket is that closes the class of characters which begins here, or the end */
    private static int endOfClass(String pattern, int begin) {
        int depth = 0;
        for (int i = begin; i < pattern.length(); i++) {
            switch (pattern.charAt(i)) {
                case '\\' -> i++;
                case '[' -> depth++;
                case ']' -> {
                    boolean literal = i == begin + 1 || (i == begin + 2 && pattern.charAt(begin + 1) == '^');
                    if (!literal && --depth == 0) {
                        return i;
                    }
                }
                default -> {}
            }
        }
        return pattern.length();
    }
}
