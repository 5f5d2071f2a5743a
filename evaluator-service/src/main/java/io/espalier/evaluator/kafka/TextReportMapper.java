package io.espalier.evaluator.kafka;

import io.espalier.v1.EvaluationReport;
import io.espalier.v1.MeasuredText;
import io.espalier.v1.MeasuredTextRead;
import io.espalier.v1.ModelMeasurement;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.TextMeasurement;
import io.espalier.v1.TextPerplexity;
import io.espalier.v1.WindowsMeasured;
import java.util.ArrayList;
import java.util.List;

/** Adds up how well the models of a job predicted the windows of each text. */
final class TextReportMapper {
    private TextReportMapper() {}

    /** The losses of all models on a text. */
    record Summed(List<WindowsMeasured> parts) {
        long predictions() {
            return parts.stream().mapToLong(WindowsMeasured::getPredictions).sum();
        }

        double loss(int model) {
            return parts.stream()
                    .mapToDouble(part -> part.getModels(model).getLoss())
                    .sum();
        }

        double divergence(int model) {
            return parts.stream()
                            .mapToDouble(part -> part.getModels(model).getDivergence())
                            .sum()
                    / predictions();
        }

        double agreement(int model) {
            return (double) parts.stream()
                            .mapToLong(part -> part.getModels(model).getAgreeing())
                            .sum()
                    / predictions();
        }

        double perplexity(int model) {
            return Math.exp(loss(model) / predictions());
        }

        boolean compared(int model) {
            return parts.get(0).getModels(model).hasDivergence();
        }
    }

    /**
     * A further text of the evaluation.
     *
     * @param split held-out or calibration
     */
    record Text(MeasuredText asked, MeasuredTextRead read, String split, Summed summed) {}

    /** The evaluations of a job's checkpoints with the perplexities of the evaluation's own text. */
    static List<EvaluationReport> measured(
            List<PrunedCheckpoint> checkpoints, List<EvaluationReport> evaluations, Summed own) {
        List<ModelPlaces> places = ModelPlaces.of(checkpoints);
        List<EvaluationReport> measured = new ArrayList<>();
        for (int i = 0; i < evaluations.size(); i++) {
            EvaluationReport.Builder report = evaluations.get(i).toBuilder();
            set(report.getDenseBuilder(), own, ModelPlaces.DENSE);
            set(report.getPrunedBuilder(), own, places.get(i).pruned());
            places.get(i).unrecovered().ifPresent(model -> set(report.getUnrecoveredBuilder(), own, model));
            report.getProtocolBuilder().setPredictedTokens(own.predictions());
            measured.add(report.build());
        }
        return measured;
    }

    private static void set(ModelMeasurement.Builder measurement, Summed own, int model) {
        measurement.setPerplexity(own.perplexity(model));
        if (model != ModelPlaces.DENSE) {
            measurement.setDivergence(own.divergence(model)).setAgreement(own.agreement(model));
        }
    }

    /** The same with the perplexities of further texts. */
    static List<EvaluationReport> added(
            List<PrunedCheckpoint> checkpoints, List<EvaluationReport> evaluations, List<Text> texts) {
        List<ModelPlaces> places = ModelPlaces.of(checkpoints);
        List<EvaluationReport> added = new ArrayList<>();
        for (int i = 0; i < evaluations.size(); i++) {
            ModelPlaces models = places.get(i);
            EvaluationReport.Builder report = evaluations.get(i).toBuilder();
            for (Text text : texts) {
                TextPerplexity.Builder wire = perplexity(text)
                        .setDense(measurement(text, ModelPlaces.DENSE))
                        .setPruned(measurement(text, models.pruned()));
                models.unrecovered().ifPresent(model -> wire.setUnrecovered(measurement(text, model)));
                report.addTexts(wire);
            }
            added.add(report.build());
        }
        return added;
    }

    private static TextPerplexity.Builder perplexity(Text text) {
        return TextPerplexity.newBuilder()
                .setText(text.asked().getText())
                .setProtocol(text.read().getProtocol())
                .setTextSha256(text.read().getSha256())
                .setSplit(text.split())
                .setWindows(text.read().getWindows())
                .setPredictions(text.summed().predictions())
                .setDocuments(text.read().getDocuments())
                .setBeginningText(text.read().getBeginningText());
    }

    private static TextMeasurement measurement(Text text, int model) {
        Summed summed = text.summed();
        TextMeasurement.Builder wire = TextMeasurement.newBuilder().setPerplexity(summed.perplexity(model));
        if (text.read().getWords() > 0) {
            double perByte = summed.loss(model) / text.read().getBytes();
            wire.setWordPerplexity(Math.exp(summed.loss(model) / text.read().getWords()))
                    .setBytePerplexity(Math.exp(perByte))
                    .setBitsPerByte(perByte / Math.log(2));
        }
        if (summed.compared(model)) {
            wire.setDivergence(summed.divergence(model)).setAgreement(summed.agreement(model));
        }
        return wire.build();
    }
}
