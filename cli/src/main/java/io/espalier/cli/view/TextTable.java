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
            if (text.getDense().hasWordPerplexity()) {
                table.append(line(text, "perplexity per word", "%,.3f", TextMeasurement::getWordPerplexity));
                table.append(line(text, "perplexity per byte", "%,.4f", TextMeasurement::getBytePerplexity));
                table.append(line(text, "bits per byte", "%,.4f", TextMeasurement::getBitsPerByte));
            } else {
                table.append(line(text, "perplexity", "%,.3f", TextMeasurement::getPerplexity));
            }
            if (text.getPruned().hasDivergence()) {
                table.append(line(text, "KL from dense, nats", "%,.4f", TextMeasurement::getDivergence));
                table.append(line(text, "same token as dense", "%.3f", TextMeasurement::getAgreement));
            }
        }
        return table.toString();
    }

    private static String line(
            TextPerplexity text, String name, String format, ToDoubleFunction<TextMeasurement> value) {
        List<TextMeasurement> models = new ArrayList<>(List.of(text.getDense()));
        if (text.hasUnrecovered()) {
            models.add(text.getUnrecovered());
        }
        models.add(text.getPruned());
        double dense = value.applyAsDouble(text.getDense());
        return "\n"
                + EvaluationTable.line(
                        name,
                        models.stream()
                                .map(value::applyAsDouble)
                                .map(figure -> figure == 0 ? "–" : String.format(Locale.ROOT, format, figure))
                                .toList(),
                        dense == 0
                                ? "–"
                                : String.format(Locale.ROOT, "%.3f", value.applyAsDouble(text.getPruned()) / dense));
    }
}
