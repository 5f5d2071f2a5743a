package io.espalier.evaluator.report;

import io.espalier.model.file.Digests;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code report.html}: one file that a browser opens from disk. Nothing in it is fetched, and its policy allows no script but the two
 * that were written into it: the charts' library and the one that draws the page. What users named reaches the page as data only.
 */
public final class ReportPage {
    private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");

    private ReportPage() {}

    /** The page of a report. */
    public static String of(JobReport report) {
        String style = resource("report.css");
        String charts = resource("echarts.min.js");
        String script = resource("report.js");
        return filled(
                resource("report.html"),
                Map.of(
                        "policy",
                        "default-src 'none'; script-src %s %s; style-src %s; base-uri 'none'; form-action 'none'"
                                .formatted(source(charts), source(script), source(style)),
                        "style",
                        style,
                        "data",
                        inScript(report.compact()),
                        "charts",
                        charts,
                        "script",
                        script));
    }

    /** Fills the places of the template. What is filled in is not looked at again. */
    private static String filled(String template, Map<String, String> texts) {
        Matcher places = PLACE.matcher(template);
        StringBuilder page = new StringBuilder();
        while (places.find()) {
            String text = texts.get(places.group(1));
            if (text == null) {
                throw new IllegalStateException("the template has a place for nothing: " + places.group());
            }
            places.appendReplacement(page, Matcher.quoteReplacement(text));
        }
        return places.appendTail(page).toString();
    }

    /** JSON that means the same and cannot end the element it stands in, whatever its texts are. */
    static String inScript(String json) {
        return json.replace("<", "\\u003c")
                .replace(">", "\\u003e")
                .replace("&", "\\u0026")
                .replace("\u2028", "\\u2028")
                .replace("\u2029", "\\u2029");
    }

    /** How a policy names an inlined text: by its digest. */
    private static String source(String text) {
        return "'sha256-"
                + Base64.getEncoder().encodeToString(Digests.digest().digest(text.getBytes(StandardCharsets.UTF_8)))
                + "'";
    }

    private static String resource(String name) {
        try (InputStream file = ReportPage.class.getResourceAsStream(name)) {
            if (file == null) {
                throw new IllegalStateException(name + ": is not in the jar of the evaluator");
            }
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(name, e);
        }
    }
}
