package io.espalier.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Scope;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GoldenTest {
    static List<Path> families() throws IOException {
        return GoldenFolder.families();
    }

    @ParameterizedTest
    @MethodSource("families")
    void forwardPassReproducesHiddenStatesLogitsAndLosses(Path folder) throws IOException {
        GoldenFolder golden = new GoldenFolder(folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder);
                Scope scope = Scope.open()) {
            ModelLayout layout = ModelLayout.of(checkpoint);
            LanguageHead head = new LanguageHead(checkpoint, layout);
            try (LayerStream stream = LayerStream.embed(checkpoint, layout, golden.windows())) {
                assertClose("hidden_0", stream.chunks().get(0).floats(), golden.expected("hidden_0"), 1e-4);
                for (LayerLayout layer : layout.layers()) {
                    try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                        stream.through(new DecoderLayer(layer, weights));
                    }
                    String name = "hidden_" + (layer.index() + 1);
                    assertClose(name, stream.chunks().get(0).floats(), golden.expected(name), 1e-4);
                }
                assertClose("logits", head.logits(stream, scope).get(0).floats(), golden.expected("logits"), 5e-5);
                double[] losses = head.losses(stream);
                assertClose("loss", losses, golden.expected("loss"), 1e-5);
            }
        }
    }

    private static void assertClose(String what, float[] actual, float[] expected, double tolerance) {
        double[] wide = new double[actual.length];
        for (int i = 0; i < actual.length; i++) {
            wide[i] = actual[i];
        }
        assertClose(what, wide, expected, tolerance);
    }

    private static void assertClose(String what, double[] actual, float[] expected, double tolerance) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        double worst = 0;
        for (int i = 0; i < actual.length; i++) {
            worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
        }
        assertThat(worst).as("largest difference of " + what).isLessThanOrEqualTo(tolerance);
    }
}
