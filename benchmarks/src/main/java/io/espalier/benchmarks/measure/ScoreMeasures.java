package io.espalier.benchmarks.measure;

import io.espalier.base.Progress;
import io.espalier.model.importance.Backprop;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.importance.GradientSource;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.importance.ScoreFile;
import io.espalier.model.importance.UnitScores;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Measures everything that a scorer does for a job, in {@code seconds}. The scores of all layers stay in the scratch
 * folder.
 */
final class ScoreMeasures {
    private static final long SEED = 1;

    private ScoreMeasures() {}

    /** Scores with {@code wanda-sp}. */
    static Measured activation(Work work) {
        return timed(work, pass -> {
            InputStatistics statistics = statistics(pass);
            return scores(pass, Criterion.named("wanda-sp", 1), statistics, null);
        });
    }

    /** Scores with {@code fms} and rank-one draws. */
    static Measured zerothOrder(Work work) {
        return timed(work, pass -> {
            InputStatistics statistics = statistics(pass);
            GradientSource gradient = Draws.RANK_ONE.gradient(Draws.losses(pass, work));
            return scores(pass, Criterion.named("fms", 1), statistics, gradient);
        });
    }

    /** Scores with {@code taylor}, in the form that needs both the gradients and their squares. */
    static Measured backprop(Work work) {
        Criterion taylor = Criterion.named("taylor", CriterionOptions.usual().withForm("mix"));
        return timed(work, pass -> {
            Map<Integer, UnitScores> scores = new TreeMap<>();
            Backprop backprop = new Backprop(pass.checkpoint(), pass.windows(), pass.everyLayer(), true);
            ScratchFolder.use(
                    work,
                    position -> backprop.<UnitScores>run(
                            position,
                            (layer, weights, gradients) ->
                                    taylor.score(new LayerEvidence(layer, weights, SEED).with(gradients)),
                            (layer, attention, feedForward) -> scores.put(layer.index(), attention.joined(feedForward)),
                            Progress.SILENT));
            return scores;
        });
    }

    private static InputStatistics statistics(ForwardPass pass) {
        return InputStatistics.collect(
                pass.checkpoint(), pass.windows(), pass.everyLayer(), pass.computation(), Progress.SILENT);
    }

    private static Map<Integer, UnitScores> scores(
            ForwardPass pass, Criterion criterion, InputStatistics statistics, @Nullable GradientSource gradient) {
        Map<Integer, UnitScores> scores = new TreeMap<>();
        for (int layer = 0; layer < pass.everyLayer().size(); layer++) {
            scores.put(
                    layer,
                    LayerScorer.score(pass.checkpoint(), layer, List.of(criterion), SEED, statistics, gradient)
                            .get(criterion.name()));
        }
        return scores;
    }

    @FunctionalInterface
    private interface Scoring {
        Map<Integer, UnitScores> of(ForwardPass pass);
    }

    private static Measured timed(Work work, Scoring scoring) {
        try (ForwardPass pass = ForwardPass.open(work)) {
            return new Measured(Map.of("seconds", Alternation.seconds(() -> write(scoring.of(pass), scoreFile(work)))));
        }
    }

    /** The file in which a scorer leaves the scores for the pruner. */
    static Path scoreFile(Work work) {
        return work.scratch().resolve("scores.safetensors");
    }

    private static void write(Map<Integer, UnitScores> scores, Path file) {
        Map<String, UnitScores> named = new TreeMap<>();
        scores.forEach((layer, units) -> named.put(layer.toString(), units));
        try {
            Files.write(file, ScoreFile.write(named));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }
}
