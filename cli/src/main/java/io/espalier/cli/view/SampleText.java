package io.espalier.cli.view;

import io.espalier.v1.Continuation;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.Sample;
import java.util.Locale;

/** What the models wrote behind prompts, one below the other. The drawn texts are in the report alone. */
final class SampleText {
    private SampleText() {}

    /** Empty where nothing was written. */
    static String of(EvaluationReport evaluation) {
        StringBuilder text = new StringBuilder();
        for (Sample sample : evaluation.getSamples().getSamplesList()) {
            text.append("\n\nbehind \"").append(plain(sample.getPrompt())).append("\" the most likely tokens are");
            text.append(line("dense", sample.getDense()));
            text.append(line("pruned", sample.hasUnrecovered() ? sample.getUnrecovered() : sample.getPruned()));
            if (sample.hasUnrecovered()) {
                text.append(line("recovered", sample.getPruned()));
            }
        }
        return text.toString();
    }

    private static String line(String model, Continuation continuation) {
        return String.format(
                Locale.ROOT, "\n%-10s%s", model, plain(continuation.getGreedy()).strip());
    }

    private static String plain(String text) {
        return text.replaceAll("\\s", " ").replaceAll("\\p{C}", "?");
    }
}
