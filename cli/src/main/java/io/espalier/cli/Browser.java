package io.espalier.cli;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The browser of this machine.
 *
 * @param opener the program that opens a file or an address as the desktop would
 */
record Browser(String opener) {
    /** Some browsers stay until they are closed; a program that fails does so at once. */
    private static final int FAILS_WITHIN_SECONDS = 3;

    static Browser ofThisMachine() {
        String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        return new Browser(system.contains("mac") ? "open" : system.contains("windows") ? "explorer" : "xdg-open");
    }

    /**
     * @param page file or address
     * @throws CommandFailure if the program does not start or fails
     */
    void open(String page) throws InterruptedException {
        try {
            Process program = new ProcessBuilder(opener, page)
                    .redirectOutput(Redirect.DISCARD)
                    .redirectError(Redirect.DISCARD)
                    .start();
            if (program.waitFor(FAILS_WITHIN_SECONDS, TimeUnit.SECONDS) && program.exitValue() != 0) {
                throw notOpened("ended with status " + program.exitValue(), null);
            }
        } catch (IOException e) {
            throw notOpened("does not start", e);
        }
    }

    private CommandFailure notOpened(String why, @Nullable IOException cause) {
        String message = "%s, which opens files here, %s; open the page in a browser yourself".formatted(opener, why);
        return Optional.ofNullable(cause)
                .map(e -> CommandFailure.unreachable(message, e))
                .orElseGet(() -> CommandFailure.unreachable(message));
    }
}
