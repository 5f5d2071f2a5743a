package io.espalier.cli;

import java.io.PrintStream;

/**
 * Where a command writes: results on {@code out}, everything else on {@code err}.
 *
 * @param terminal whether a person watches {@code err}, so that bars can be drawn
 */
public record Console(PrintStream out, PrintStream err, boolean terminal) {
    public void say(String line) {
        err.println(line);
    }

    public void result(String text) {
        out.println(text);
        out.flush();
    }
}
