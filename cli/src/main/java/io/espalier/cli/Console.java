package io.espalier.cli;

import java.io.PrintStream;

/**
 * Where a command writes: results on {@code out}, everything else on {@code err}.
 *
 * @param terminal whether a person watches {@code err}, so that bars can be drawn
 */
public record Console(PrintStream out, PrintStream err, boolean terminal) {
    private static final String ERASE_LINE = "\r\u001b[K";

    /** One line, of whichever thread. A progress bar that stands in its place is drawn again below. */
    public void say(String line) {
        err.println(terminal ? ERASE_LINE + line : line);
    }

    public void result(String text) {
        out.println(text);
        out.flush();
    }
}
