package io.espalier.model.text;

import java.nio.charset.StandardCharsets;

/**
 * A page of WikiText, which stands there in words with a blank around each sign. It is measured as prose: without those blanks,
 * as the task {@code wikitext} of lm-evaluation-harness 0.4.13 takes them out, errors included.
 *
 * @param raw as it stands in the file
 */
public record WikitextPage(String raw) {
    /** What becomes what, in this order, before brackets and quotation marks are looked at. */
    private static final String[][] SIGNS = {
        {" @-@ ", "-"},
        {" @,@ ", ","},
        {" @.@ ", "."},
        {" : ", ": "},
        {" ; ", "; "},
        {" . ", ". "},
        {" ! ", "! "},
        {" ? ", "? "},
        {" , ", ", "}
    };

    /** The same afterwards. */
    private static final String[][] REST = {
        {"= = = =", "===="},
        {"= = =", "==="},
        {"= =", "=="},
        {" ° ", "°"},
        {" \n", "\n"},
        {"\n ", "\n"},
        {" N ", " 1 "},
        {" 's", "'s"}
    };

    /** The page as prose. */
    public String text() {
        String text = raw.replace("s '", "s'");
        // The harness means to take out a blank, but writes the pattern itself in its place.
        text = text.replaceAll("/' [0-9]/", "/'[0-9]/");
        text = replaced(text, SIGNS);
        text = trimmedWithin(text, '(', ')');
        text = trimmedWithin(text, '[', ']');
        text = trimmedWithin(text, '{', '}');
        text = trimmedWithin(text, '"', '"');
        text = trimmedWithin(text, '\'', '\'');
        return replaced(text, REST);
    }

    /** Stretches between white space in the raw page, empty ones at its ends included. */
    public long words() {
        long words = 1;
        for (int i = 0; i < raw.length(); i++) {
            if (Blanks.blank(raw.charAt(i)) && (i == 0 || !Blanks.blank(raw.charAt(i - 1)))) {
                words++;
            }
        }
        return words;
    }

    /** Of the raw page in UTF-8. */
    public long bytes() {
        return raw.getBytes(StandardCharsets.UTF_8).length;
    }

    private static String replaced(String text, String[][] pairs) {
        String result = text;
        for (String[] pair : pairs) {
            result = result.replace(pair[0], pair[1]);
        }
        return result;
    }

    /** Without the white space behind each opening sign and before the next closing one. */
    private static String trimmedWithin(String text, char opening, char closing) {
        StringBuilder result = new StringBuilder(text.length());
        int done = 0;
        int open = text.indexOf(opening);
        int close = open < 0 ? -1 : text.indexOf(closing, open + 1);
        while (close >= 0) {
            result.append(text, done, open + 1).append(Blanks.strip(text.substring(open + 1, close)));
            done = close;
            open = text.indexOf(opening, close + 1);
            close = open < 0 ? -1 : text.indexOf(closing, open + 1);
        }
        return result.append(text, done, text.length()).toString();
    }
}
