package io.espalier.model.evaluation;

import java.util.Optional;

/** How a perplexity is measured on a text. Those of two protocols cannot be compared. */
public sealed interface TextProtocol {
    /** Perplexity per word and byte of WikiText's pages, as the task of this name of lm-evaluation-harness measures them. */
    String WIKITEXT = "wikitext";

    /** What names the windows of papers begin with; their length follows. */
    String WINDOW = "window-";

    /** Windows of so many tokens without overlap, of all documents joined by blank lines; per token. */
    record Windows(int length) implements TextProtocol {}

    /** See {@link #WIKITEXT}. */
    record Wikitext() implements TextProtocol {}

    /** The protocol as users name it: {@code window-2048}, {@code wikitext}. */
    default String label() {
        return this instanceof Windows windows ? WINDOW + windows.length() : WIKITEXT;
    }

    /**
     * @param longest window that may be named
     * @return empty when it is no protocol
     */
    static Optional<TextProtocol> named(String label, int longest) {
        if (label.equals(WIKITEXT)) {
            return Optional.of(new Wikitext());
        }
        if (!label.startsWith(WINDOW)) {
            return Optional.empty();
        }
        String digits = label.substring(WINDOW.length());
        if (!digits.matches("[1-9][0-9]{0,6}")) {
            return Optional.empty();
        }
        int length = Integer.parseInt(digits);
        return length < 2 || length > longest ? Optional.empty() : Optional.of(new Windows(length));
    }
}
