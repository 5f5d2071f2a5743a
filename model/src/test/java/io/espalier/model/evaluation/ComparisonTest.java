package io.espalier.model.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {
    private static final int LENGTH = 24;
    private static final double NOISE = 0.5;
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(7, LENGTH, 5);

    @TempDir
    Path folder;

    /** Against both models' whole logits, in fp64. */
    @Test
    void distancesAreThoseOfTheWholeDistributions() {
        // Given
        Path noisy = noisy();
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA);
                Checkpoint other = Checkpoint.open(noisy)) {
            List<double[]> own = logits(dense);
            List<double[]> others = logits(other);

            // When
            Comparison compared =
                    Comparison.of(dense, List.of(other, dense), WINDOWS, MemoryBudget.DEFAULT, Progress.SILENT);

            // Then
            double divergence = 0;
            int agreeing = 0;
            for (int i = 0; i < own.size(); i++) {
                divergence += divergence(own.get(i), others.get(i));
                agreeing += largest(own.get(i)) == largest(others.get(i)) ? 1 : 0;
            }
            Comparison.Measured measured = compared.others().get(0);
            assertThat(measured.divergence()).isCloseTo(divergence / own.size(), within(1e-6));
            assertThat(measured.divergence()).isGreaterThan(1e-4);
            assertThat(measured.agreement()).isEqualTo((double) agreeing / own.size());
            assertThat(measured.agreement()).isBetween(0.05, 0.99);
            assertThat(compared.others().get(1).divergence()).isCloseTo(0, within(1e-9));
            assertThat(compared.others().get(1).agreement()).isEqualTo(1);
        }
    }

    @Test
    void perplexitiesAreThoseOfEachModelAlone() {
        // Given
        Path noisy = noisy();
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA);
                Checkpoint other = Checkpoint.open(noisy)) {
            // When
            Comparison compared = Comparison.of(dense, List.of(other), WINDOWS, MemoryBudget.DEFAULT, Progress.SILENT);

            // Then
            assertThat(compared.dense()).isEqualTo(Perplexity.of(dense, WINDOWS, Progress.SILENT));
            assertThat(compared.others().get(0).perplexity()).isEqualTo(Perplexity.of(other, WINDOWS, Progress.SILENT));
        }
    }

    @Test
    void severalPassesFindTheSame() {
        // Given: more windows than an eighth of the least budget holds of two models
        MemoryBudget budget = new MemoryBudget(1 << 26);
        int[][] many = GoldenCheckpoint.windows(1500, LENGTH, 5);
        Path noisy = noisy();
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA);
                Checkpoint other = Checkpoint.open(noisy)) {
            List<long[]> heard = new ArrayList<>();

            // When
            Comparison parts = Comparison.of(
                    dense,
                    List.of(other),
                    many,
                    budget,
                    (unit, done, total, tokens) -> heard.add(new long[] {done, total, tokens}));

            // Then
            Comparison whole = Comparison.of(dense, List.of(other), many, MemoryBudget.DEFAULT, Progress.SILENT);
            assertThat(parts.dense().value()).isCloseTo(whole.dense().value(), within(1e-4));
            assertThat(parts.others().get(0).divergence())
                    .isCloseTo(whole.others().get(0).divergence(), within(1e-6));
            assertThat(parts.others().get(0).agreement())
                    .isEqualTo(whole.others().get(0).agreement());
            int layers = dense.config().layers().size();
            assertThat(heard.get(heard.size() - 1))
                    .containsExactly(2L * 2 * layers, 2L * 2 * layers, 2L * many.length * LENGTH * layers);
        }
    }

    /** With one weight matrix that is another. */
    private Path noisy() {
        Path target = folder.resolve("noisy");
        SplittableRandom random = new SplittableRandom(1);
        GoldenCheckpoint.change(
                GoldenCheckpoint.LLAMA,
                "model.layers.1.mlp.down_proj.weight",
                bytes -> {
                    for (int at = 0; at < bytes.limit(); at += Float.BYTES) {
                        bytes.putFloat(at, bytes.getFloat(at) + (float) (NOISE * (random.nextDouble() - 0.5)));
                    }
                    return bytes;
                },
                target);
        return target;
    }

    /** Of every prediction, over the vocabulary. */
    private static List<double[]> logits(Checkpoint checkpoint) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        List<double[]> predictions = new ArrayList<>();
        try (Scope scope = Scope.open();
                LayerStream stream = LayerStream.embed(checkpoint, layout, WINDOWS, MemoryBudget.DEFAULT)) {
            WeightStream.forEach(
                    checkpoint,
                    layout.layers(),
                    Computation.EXACT,
                    (layer, weights) -> stream.through(new DecoderLayer(layer, weights)));
            new LanguageHead(checkpoint, layout).logits(stream, scope).forEach(chunk -> {
                float[] all = chunk.floats();
                int vocabulary = layout.vocabulary();
                for (int row = 0; row < all.length / vocabulary; row++) {
                    if (row % LENGTH < LENGTH - 1) {
                        double[] one = new double[vocabulary];
                        for (int i = 0; i < vocabulary; i++) {
                            one[i] = all[row * vocabulary + i];
                        }
                        predictions.add(one);
                    }
                }
            });
        }
        return predictions;
    }

    private static double divergence(double[] dense, double[] other) {
        double[] p = logProbabilities(dense);
        double[] q = logProbabilities(other);
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            sum += Math.exp(p[i]) * (p[i] - q[i]);
        }
        return sum;
    }

    private static double[] logProbabilities(double[] logits) {
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit);
        }
        double[] logs = new double[logits.length];
        for (int i = 0; i < logs.length; i++) {
            logs[i] = logits[i] - Math.log(sum);
        }
        return logs;
    }

    private static int largest(double[] values) {
        int largest = 0;
        for (int i = 1; i < values.length; i++) {
            largest = values[i] > values[largest] ? i : largest;
        }
        return largest;
    }
}
