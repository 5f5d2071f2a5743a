package io.espalier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checkpoints as people bring them. Each folder says in case.json what it is and what should come of it. */
class CasesTest {
    private static final Path CASES = Path.of("src/test/resources/cases");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double EXACT = 5e-5;
    /** The largest of 15,360 logits of a model whose weights have 8 bits. */
    private static final double BF16 = 0.2;

    record Case(Path folder, JsonNode expected) {
        boolean opens() {
            return expected.path("opens").booleanValue();
        }

        String logits() {
            return expected.path("logits").asText();
        }

        @Override
        public String toString() {
            return folder.getFileName().toString();
        }
    }

    private static List<Case> cases() throws IOException {
        try (var folders = Files.list(CASES)) {
            return folders.sorted()
                    .map(folder -> new Case(
                            folder,
                            JSON.valueToTree(read(folder.resolve("case.json"))).path("expect")))
                    .toList();
        }
    }

    private static JsonNode read(Path file) {
        try {
            return JSON.readTree(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Case> opening() throws IOException {
        return cases().stream().filter(Case::opens).toList();
    }

    static List<Case> likeTheGoldenModel() throws IOException {
        return cases().stream()
                .filter(one -> one.logits().startsWith("as golden/llama"))
                .toList();
    }

    static List<Case> refused() throws IOException {
        return cases().stream().filter(one -> !one.opens()).toList();
    }

    @ParameterizedTest
    @MethodSource("likeTheGoldenModel")
    void computesWhatTheSameWeightsComputeInTheUsualForm(Case one) throws IOException {
        GoldenFolder golden = new GoldenFolder(GoldenCheckpoint.LLAMA);

        float[] logits = logits(one.folder(), golden.windows());

        double tolerance = one.logits().contains("bf16") ? BF16 : EXACT;
        assertThat(logits).containsExactly(golden.expected("logits"), Offset.offset((float) tolerance));
    }

    @Test
    void computesLayersThatDifferAsTransformersWritesThem() throws IOException {
        GoldenFolder differing = new GoldenFolder(CASES.resolve("per-layer-sparse-object"));

        float[] logits = logits(differing.folder(), differing.windows());

        assertThat(logits).containsExactly(differing.expected("logits"), Offset.offset((float) EXACT));
    }

    @Test
    void tiedWeightsAreReadUnderTheNameThatIsStored(@TempDir Path folder) throws IOException {
        Path asHead = CASES.resolve("tied-only-lm-head");
        UnaryOperator<String> usual = name -> name.equals("lm_head.weight") ? "model.embed_tokens.weight" : name;
        GoldenCheckpoint.rename(asHead, usual, UnaryOperator.identity(), folder);
        int[][] windows = GoldenCheckpoint.windows(2, 16, 3);

        float[] logits = logits(asHead, windows);

        assertThat(logits).isEqualTo(logits(folder, windows));
    }

    @ParameterizedTest
    @MethodSource("opening")
    void canBePrunedAndTheArtifactOpens(Case one, @TempDir Path folder) throws IOException {
        int[][] windows = GoldenCheckpoint.windows(4, 16, 5);
        RemovedUnits some = new RemovedUnits(new int[0], new int[] {1, 5});

        ModelConfig config;
        try (Checkpoint dense = Checkpoint.open(one.folder())) {
            int layers = dense.config().layers().size();
            DemoModel.prune(
                    dense, Collections.nCopies(layers, some), windows, Compensation.NONE, folder.resolve("out"));
            config = dense.config();
        }

        try (Checkpoint pruned = Checkpoint.open(folder.resolve("out"))) {
            ModelLayout.of(pruned);
            for (int layer = 0; layer < config.layers().size(); layer++) {
                assertThat(pruned.config().layers().get(layer).ffnChannels())
                        .isEqualTo(config.layers().get(layer).ffnChannels() - 2);
            }
            assertThat(pruned.ignored()).isEmpty();
            assertThat(pruned.config().json().path("auto_map"))
                    .as("of the checkpoint's own Python files nothing is left")
                    .allSatisfy(named -> assertThat(named.textValue()).startsWith("modeling_espalier."));
        }
    }

    @ParameterizedTest
    @MethodSource("refused")
    void isRefusedByNameBeforeAnythingIsComputed(Case one) {
        EspalierException refusal = catchThrowableOfType(EspalierException.class, () -> {
            try (Checkpoint checkpoint = Checkpoint.open(one.folder())) {
                ModelLayout.of(checkpoint);
            }
        });

        assertThat(one.expected().path("refused").asText())
                .contains(refusal.code().name());
        assertThat(refusal).hasMessageContaining(one.expected().path("names").asText());
        if (one.expected().has("says")) {
            assertThat(refusal).hasMessageContaining("quantised").hasMessageContaining("dense");
        }
    }

    @Test
    void whatIsNeitherReadNorCopiedIsSaid() {
        try (Checkpoint unlisted = Checkpoint.open(CASES.resolve("shard-holds-unlisted"));
                Checkpoint unneeded = Checkpoint.open(CASES.resolve("index-lists-unneeded"));
                Checkpoint buffers = Checkpoint.open(CASES.resolve("no-max-positions"))) {
            assertThat(unlisted.ignored()).singleElement().asString().contains("inv_freq");
            assertThat(unneeded.ignored()).singleElement().asString().contains("lists");
            assertThat(buffers.ignored()).hasSize(3).allMatch(line -> line.contains("inv_freq"));
        }
    }

    private static float[] logits(Path folder, int[][] windows) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            return GoldenTest.Forward.of(checkpoint, windows).logits();
        }
    }
}
