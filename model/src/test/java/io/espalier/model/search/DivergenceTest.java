package io.espalier.model.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.base.Progress;
import io.espalier.model.AttentionUnit;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DivergenceTest {
    private static final int[][] CALIBRATION = GoldenCheckpoint.windows(6, 12, 1);
    private static final int[][] JUDGED = GoldenCheckpoint.windows(4, 12, 2);

    @ParameterizedTest
    @CsvSource({
        "llama-gqa, KV_GROUP",
        "llama-gqa, QUERY_HEAD",
        "gpt-neox, KV_GROUP",
        "gemma2, KV_GROUP",
        "opt, KV_GROUP",
        "bloom, KV_GROUP",
        "phi3, KV_GROUP"
    })
    void eachCandidateIsAsFarFromTheDenseModelAsPlainArithmeticSays(String family, AttentionUnit unit) {
        Path folder = GoldenCheckpoint.of(family);
        try (Checkpoint dense = Checkpoint.open(folder, folder, unit)) {
            // Given
            SearchSpace space = Spaces.random(dense);
            List<LayerShape> whole = dense.config().layers();
            List<LayerShape> oneHalf =
                    changed(whole, 0, whole.get(0).left(whole.get(0).attentionSteps(), 40));
            List<LayerShape> sameStart = changed(oneHalf, 2, whole.get(2).left(1, 40));
            List<LayerShape> other =
                    changed(whole, 1, whole.get(1).left(1, whole.get(1).ffnChannels()));

            // When
            double[] found = new Divergence(space, CALIBRATION, JUDGED)
                    .of(List.of(oneHalf, sameStart, other, whole), Progress.SILENT);

            // Then
            assertThat(found[0]).isCloseTo(plain(space, oneHalf), within(1e-6 + 1e-3 * found[0]));
            assertThat(found[1]).isCloseTo(plain(space, sameStart), within(1e-6 + 1e-3 * found[1]));
            assertThat(found[2]).isCloseTo(plain(space, other), within(1e-6 + 1e-3 * found[2]));
            assertThat(found[3]).isCloseTo(0, within(1e-15));
        }
    }

    @Test
    void aCandidateIsAsFarAloneAsAmongOthers() {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            // Given
            SearchSpace space = Spaces.random(dense);
            List<LayerShape> whole = dense.config().layers();
            List<LayerShape> one = changed(whole, 1, whole.get(1).left(2, 40));
            List<LayerShape> another = changed(one, 2, whole.get(2).left(1, 40));
            Divergence divergence = new Divergence(space, CALIBRATION, JUDGED);
            double[] together = divergence.of(List.of(one, another), Progress.SILENT);

            // When
            double[] alone = divergence.of(List.of(another), Progress.SILENT);

            // Then
            assertThat(alone[0]).isEqualTo(together[1]);
        }
    }

    private static double plain(SearchSpace space, List<LayerShape> candidate) {
        Checkpoint dense = space.checkpoint();
        Map<String, double[][]> replaced = new HashMap<>();
        ModelLayout.of(dense).layers().forEach(layer -> space.components(layer).forEach(component -> {
            int kept = HalfShape.kept(candidate.get(layer.index()), component.half());
            if (kept < HalfShape.kept(layer.shape(), component.half())) {
                int[] removed = Arrays.copyOf(component.columns(), component.lostColumns(kept));
                replaced.put(
                        component.outputProjection().weight().name(),
                        new PlainModel(dense, CALIBRATION).repaired(component.outputProjection(), removed));
            }
        }));
        PlainModel judged = new PlainModel(dense, JUDGED);
        return PlainModel.divergence(judged.logProbabilities(Map.of()), judged.logProbabilities(replaced));
    }

    private static List<LayerShape> changed(List<LayerShape> shapes, int layer, LayerShape shape) {
        List<LayerShape> changed = new ArrayList<>(shapes);
        changed.set(layer, shape);
        return changed;
    }
}
