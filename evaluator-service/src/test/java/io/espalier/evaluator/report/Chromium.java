package io.espalier.evaluator.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A browser without a window. */
final class Chromium {
    /** Where Debian's package puts it. */
    static final Path PROGRAM = Path.of("/usr/bin/chromium");

    private static final int LIMIT_SECONDS = 180;

    private Chromium() {}

    /**
     * A page after its scripts ran.
     *
     * @param body what the page shows, as markup, without its scripts
     * @param console what the page, or the browser because of it, had to say
     */
    record Shown(String title, String body, String console) {}

    /** Opens a file from disk. */
    static Shown show(Path page, Path temporary) throws IOException, InterruptedException {
        Path dom = temporary.resolve("dom.html");
        Path log = temporary.resolve("chromium.log");
        Process browser = new ProcessBuilder(
                        PROGRAM.toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--enable-logging=stderr",
                        "--user-data-dir=" + temporary.resolve("profile"),
                        "--dump-dom",
                        page.toUri().toString())
                .redirectOutput(dom.toFile())
                .redirectError(log.toFile())
                .start();
        if (!browser.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            browser.destroyForcibly();
            throw new IOException("chromium did not show the page; its log: " + Files.readString(log));
        }
        String text = Files.readString(dom);
        return new Shown(
                between(text, "<title>", "</title>"),
                between(text, "<main id=\"page\">", "</main>"),
                String.join(
                        "\n",
                        Files.readString(log)
                                .lines()
                                .filter(line -> line.contains("CONSOLE"))
                                .toList()));
    }

    private static String between(String text, String begin, String end) throws IOException {
        int from = text.indexOf(begin);
        int to = text.indexOf(end, from);
        if (from < 0 || to < 0) {
            throw new IOException("the page has no " + begin);
        }
        return text.substring(from + begin.length(), to);
    }
}
