package io.espalier.cli.view;

import io.espalier.v1.EvaluationProtocol;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.ModelMeasurement;
import io.espalier.v1.Provenance;
import io.espalier.v1.SearchCandidate;
import io.espalier.v1.TextRead;
import io.espalier.v1.UnitsRemoved;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A table that compares the dense with the pruned model, and a recovered one with both, with one line for each quantity. */
public final class EvaluationTable {
    private EvaluationTable() {}

    private record Quantity(String name, String format, ToDoubleFunction<ModelMeasurement> value) {
        /** @param models the dense one first, last the one that is compared with it */
        List<String> row(List<ModelMeasurement> models) {
            double before = value.applyAsDouble(models.get(0));
            double after = value.applyAsDouble(models.get(models.size() - 1));
            List<String> cells = new ArrayList<>(List.of(name));
            models.forEach(model -> cells.add(figure(value.applyAsDouble(model))));
            cells.add(before == 0 || after == 0 ? "–" : String.format(Locale.ROOT, "%.3f", after / before));
            return cells;
        }

        /** Formats a value. The value 0 means that the quantity was not measured. */
        private String figure(double figure) {
            return figure == 0 ? "–" : String.format(Locale.ROOT, format, figure);
        }
    }

    /** One table for each checkpoint of the job. If there are several, each table is preceded by the checkpoint's name. */
    public static String of(EvaluationReport report) {
        if (report.getFurtherCount() == 0) {
            return single(report);
        }
        return Stream.concat(Stream.of(report), report.getFurtherList().stream())
                .map(one -> one.getOutput() + "\n" + single(one))
                .collect(Collectors.joining("\n\n"));
    }

    private static String single(EvaluationReport report) {
        EvaluationProtocol protocol = report.getProtocol();
        List<Quantity> quantities = new ArrayList<>(List.of(
                new Quantity("perplexity", "%,.3f", ModelMeasurement::getPerplexity),
                new Quantity("parameters", "%,.0f", ModelMeasurement::getParameters),
                new Quantity("MACs, %d tokens".formatted(protocol.getMacsTokens()), "%,.0f", ModelMeasurement::getMacs),
                new Quantity("checkpoint bytes", "%,.0f", ModelMeasurement::getCheckpointBytes),
                new Quantity("prefill tokens/s", "%,.0f", ModelMeasurement::getPrefillTokensPerSecond),
                new Quantity("decode tokens/s", "%,.0f", ModelMeasurement::getDecodeTokensPerSecond)));
        if (report.getDense().getPeakMemoryBytes() > 0) {
            quantities.add(new Quantity("peak memory, bytes", "%,.0f", ModelMeasurement::getPeakMemoryBytes));
        }
        if (report.getPruned().hasDivergence()) {
            quantities.add(1, new Quantity("KL from dense, nats", "%,.4f", ModelMeasurement::getDivergence));
            quantities.add(2, new Quantity("same token as dense", "%.3f", ModelMeasurement::getAgreement));
        }
        boolean recovered = report.hasUnrecovered();
        List<ModelMeasurement> models = recovered
                ? List.of(report.getDense(), report.getUnrecovered(), report.getPruned())
                : List.of(report.getDense(), report.getPruned());
        List<List<String>> rows = new ArrayList<>();
        rows.add(
                recovered
                        ? List.of("", "dense", "pruned", "recovered", "ratio")
                        : List.of("", "dense", "pruned", "ratio"));
        quantities.forEach(quantity -> rows.add(quantity.row(models)));
        StringBuilder table = new StringBuilder(Columns.of(rows));
        long zeros = report.getPruned().getParameters() - report.getPruned().getNonzeroParameters();
        if (report.getPruned().getNonzeroParameters() > 0 && zeros > 0) {
            table.append(
                    String.format(Locale.ROOT, "\n\n%,d of the pruned model's parameters are zero in place", zeros));
        }
        table.append(TextTable.of(report));
        table.append(ZeroShotTable.of(report));
        table.append(SampleText.of(report));
        table.append(removed(report));
        table.append(searched(report));
        table.append(RecoveryLine.of(report));
        table.append(runtime(protocol));
        table.append("\n\nperplexity over ")
                .append(String.format(Locale.ROOT, "%,d", protocol.getPredictedTokens()))
                .append(" predictions, windows of ")
                .append(protocol.getSequenceLength())
                .append(" tokens, text: ")
                .append(protocol.getSplit())
                .append(read(report.getProvenance()));
        if (report.getMaskedCount() > 0) {
            table.append("\nthe same removed by each score set, without repair: ")
                    .append(report.getMaskedList().stream()
                            .map(set -> String.format(Locale.ROOT, "%s %.3f", set.getSet(), set.getPerplexity()))
                            .collect(Collectors.joining(", ")));
        }
        report.getProvenance().getNotesList().forEach(note -> table.append("\nnote: ")
                .append(note.replaceAll("\\p{C}", "?")));
        return table.append(ranks(report)).toString();
    }

    /** What the speeds were measured in, and what is to be known of them; nothing in reports of earlier versions. */
    private static String runtime(EvaluationProtocol protocol) {
        StringBuilder lines = new StringBuilder();
        if (!protocol.getRuntime().isEmpty()) {
            lines.append("\n\nspeeds in %s %s, weights in %s, threads: %d; a prompt of %d tokens, then %d"
                    .formatted(
                            protocol.getRuntime(),
                            plain(protocol.getRuntimeVersion()),
                            protocol.getWeightType(),
                            protocol.getThreads(),
                            protocol.getPrefillTokens(),
                            protocol.getDecodeTokens()));
        }
        for (String note : protocol.getNotesList()) {
            lines.append(lines.isEmpty() ? "\n\n" : "\n").append(plain(note));
        }
        return lines.toString();
    }

    private static String plain(String text) {
        return text.replaceAll("\\p{C}", "?");
    }

    /** What went of each kind of unit, and why nothing did where that is so. */
    private static String removed(EvaluationReport report) {
        StringBuilder lines = new StringBuilder();
        for (UnitsRemoved kind : report.getRemovedList()) {
            lines.append(lines.isEmpty() ? "\n\nremoved: " : ", ")
                    .append(String.format(
                            Locale.ROOT, "%,d of %,d %s", kind.getRemoved(), kind.getUnits(), kind.getKind()));
            if (kind.getAsked() > 0) {
                lines.append(String.format(
                        Locale.ROOT,
                        " (%.1f%%, asked %.1f%%)",
                        100.0 * kind.getRemoved() / kind.getUnits(),
                        100 * kind.getAsked()));
            }
        }
        if (!lines.isEmpty()) {
            long dense = report.getDense().getParameters();
            lines.append(String.format(
                    Locale.ROOT,
                    "\nof all parameters %.1f%% went: embeddings, norms and the other layers stay whole",
                    100.0 * (dense - report.getPruned().getParameters()) / dense));
        }
        report.getRemovedList().stream()
                .filter(kind -> !kind.getNote().isEmpty())
                .forEach(kind -> lines.append("\nnone of the ")
                        .append(kind.getKind())
                        .append(" went: ")
                        .append(kind.getNote()));
        return lines.toString();
    }

    /** How far the shapes that a search chose are from the dense model, and those it compared them with. */
    private static String searched(EvaluationReport report) {
        List<SearchCandidate> candidates = report.getSearch().getCandidatesList();
        return candidates.stream()
                .filter(SearchCandidate::getChosen)
                .findFirst()
                .map(chosen ->
                        "\n\nsearched: %s shapes, KL from the dense model %s nats per token of calibration text%s"
                                .formatted(
                                        plain(chosen.getName()),
                                        divergence(chosen),
                                        candidates.stream()
                                                .filter(other -> !other.getChosen())
                                                .map(other ->
                                                        "; %s %s".formatted(plain(other.getName()), divergence(other)))
                                                .collect(Collectors.joining())))
                .orElse("");
    }

    private static String divergence(SearchCandidate candidate) {
        return String.format(Locale.ROOT, "%.4f", candidate.getDivergence());
    }

    /** What was read of the texts; nothing in reports of earlier versions. */
    private static String read(Provenance provenance) {
        if (!provenance.hasCalibration()) {
            return "";
        }
        TextRead calibration = provenance.getCalibration();
        TextRead evaluation = provenance.getEvaluation();
        return "\nwindows begin with %s; calibrated on %s"
                .formatted(
                        evaluation.getBeginningText().equals(calibration.getBeginningText())
                                ? beginning(evaluation)
                                : "%s, those of the calibration with %s"
                                        .formatted(beginning(evaluation), beginning(calibration)),
                        amount(calibration));
    }

    private static String beginning(TextRead text) {
        return text.getBeginningText().isEmpty()
                ? "their first word"
                : text.getBeginningText().replaceAll("\\p{C}", "?");
    }

    private static String amount(TextRead text) {
        return text.getDocuments() == 1
                ? String.format(Locale.ROOT, "%,d tokens of one document", text.getTokens())
                : String.format(Locale.ROOT, "%,d tokens of %,d documents", text.getTokens(), text.getDocuments());
    }

    /** The lowest rank correlation of each control with the criterion over all layers and both kinds of units. */
    private static String ranks(EvaluationReport report) {
        Map<String, Double> lowest = new LinkedHashMap<>();
        report.getControlsList()
                .forEach(control -> lowest.merge(
                        control.getControl(), Math.min(control.getAttention(), control.getFfn()), Math::min));
        return lowest.isEmpty()
                ? ""
                : "\nlowest rank correlation with the criterion within a layer: "
                        + lowest.entrySet().stream()
                                .map(set -> String.format(Locale.ROOT, "%s %.2f", set.getKey(), set.getValue()))
                                .collect(Collectors.joining(", "));
    }
}
