package io.espalier.cli;

import java.io.PrintStream;

/**
 * The output of a command. Results go to {@code out}, everything else goes to {@code err}.
 *
 * @param terminal whether {@code err} is a terminal, on which progress bars can be drawn
 */
public record Console(PrintStream out, PrintStream err, boolean terminal) {
    private static final String ERASE_LINE = "\r\u001b[K";

    /** Writes one line. Any thread may call this. A progress bar on the current line is drawn again below it. */
    public void say(String line) {
        err.println(terminal ? ERASE_LINE + line : line);
    }

    public void result(String text) {
        out.println(text);
        out.flush();
    }
}
