package io.espalier.cli.view;

import io.espalier.v1.EvaluationProtocol;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.ModelMeasurement;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Dense against pruned, one line a quantity. */
public final class EvaluationTable {
    private static final String ROW = "%-24s %16s %16s %9s";

    private EvaluationTable() {}

    private record Quantity(String name, String format, ToDoubleFunction<ModelMeasurement> value) {
        String row(ModelMeasurement dense, ModelMeasurement pruned) {
            double before = value.applyAsDouble(dense);
            double after = value.applyAsDouble(pruned);
            String ratio = before == 0 || after == 0 ? "–" : String.format(Locale.ROOT, "%.3f", after / before);
            return String.format(Locale.ROOT, ROW, name, figure(before), figure(after), ratio);
        }

        /** 0 means not measured. */
        private String figure(double figure) {
            return figure == 0 ? "–" : String.format(Locale.ROOT, format, figure);
        }
    }

    public static String of(EvaluationReport report) {
        EvaluationProtocol protocol = report.getProtocol();
        List<Quantity> quantities = List.of(
                new Quantity("perplexity", "%,.3f", ModelMeasurement::getPerplexity),
                new Quantity("parameters", "%,.0f", ModelMeasurement::getParameters),
                new Quantity("MACs, %d tokens".formatted(protocol.getMacsTokens()), "%,.0f", ModelMeasurement::getMacs),
                new Quantity("checkpoint bytes", "%,.0f", ModelMeasurement::getCheckpointBytes),
                new Quantity("prefill tokens/s", "%,.0f", ModelMeasurement::getPrefillTokensPerSecond),
                new Quantity("decode tokens/s", "%,.0f", ModelMeasurement::getDecodeTokensPerSecond));
        StringBuilder table = new StringBuilder(String.format(Locale.ROOT, ROW, "", "dense", "pruned", "ratio"));
        for (Quantity quantity : quantities) {
            table.append('\n').append(quantity.row(report.getDense(), report.getPruned()));
        }
        return table.append("\n\nperplexity over ")
                .append(String.format(Locale.ROOT, "%,d", protocol.getPredictedTokens()))
                .append(" predictions, windows of ")
                .append(protocol.getSequenceLength())
                .append(" tokens, text: ")
                .append(protocol.getSplit())
                .toString();
    }
}
