package io.espalier.cli.view;

import io.espalier.v1.EvaluationReport;
import io.espalier.v1.TextMeasurement;
import io.espalier.v1.TextPerplexity;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The perplexities of further texts, with one line for each text and quantity. */
final class TextTable {
    private TextTable() {}

    /** Empty where there are none. */
    static String of(EvaluationReport evaluation) {
        StringBuilder table = new StringBuilder();
        for (TextPerplexity text : evaluation.getTextsList()) {
            table.append("\n\n")
                    .append(String.format(
                            Locale.ROOT,
                            "%s by %s, %,d predictions, text: %s",
                            text.getText().replaceAll("\\p{C}", "?"),
                            text.getProtocol(),
                            text.getPredictions(),
                            text.getSplit()));
            table.append('\n').append(Columns.of(rows(text)));
        }
        return table.toString();
    }

    private static List<List<String>> rows(TextPerplexity text) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(
                text.hasUnrecovered()
                        ? List.of("", "dense", "pruned", "recovered", "ratio")
                        : List.of("", "dense", "pruned", "ratio"));
        if (text.getDense().hasWordPerplexity()) {
            rows.add(row(text, "perplexity per word", "%,.3f", TextMeasurement::getWordPerplexity));
            rows.add(row(text, "perplexity per byte", "%,.4f", TextMeasurement::getBytePerplexity));
            rows.add(row(text, "bits per byte", "%,.4f", TextMeasurement::getBitsPerByte));
        } else {
            rows.add(row(text, "perplexity", "%,.3f", TextMeasurement::getPerplexity));
        }
        if (text.getPruned().hasDivergence()) {
            rows.add(row(text, "KL from dense, nats", "%,.4f", TextMeasurement::getDivergence));
            rows.add(row(text, "same token as dense", "%.3f", TextMeasurement::getAgreement));
        }
        return rows;
    }

    private static List<String> row(
            TextPerplexity text, String name, String format, ToDoubleFunction<TextMeasurement> value) {
        List<TextMeasurement> models = new ArrayList<>(List.of(text.getDense()));
        if (text.hasUnrecovered()) {
            models.add(text.getUnrecovered());
        }
        models.add(text.getPruned());
        List<String> cells = new ArrayList<>(List.of(name));
        models.stream()
                .map(value::applyAsDouble)
                .map(figure -> figure == 0 ? "–" : String.format(Locale.ROOT, format, figure))
                .forEach(cells::add);
        double dense = value.applyAsDouble(text.getDense());
        cells.add(dense == 0 ? "–" : String.format(Locale.ROOT, "%.3f", value.applyAsDouble(text.getPruned()) / dense));
        return cells;
    }
}
