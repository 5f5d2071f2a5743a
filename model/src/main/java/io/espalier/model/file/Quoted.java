package io.espalier.model.file;

/** Untrusted text in quotes for a message, on one line, printable and short. */
public final class Quoted {
    private static final int MAX_CHARS = 120;

    private Quoted() {}

    public static String of(String untrusted) {
        StringBuilder shown = new StringBuilder("\"");
        untrusted
                .codePoints()
                .limit(MAX_CHARS)
                .map(c -> Character.isISOControl(c) || c == '"' ? '?' : c)
                .forEach(shown::appendCodePoint);
        return shown.append(untrusted.length() > MAX_CHARS ? "…\"" : "\"").toString();
    }
}
