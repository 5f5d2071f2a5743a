package io.espalier.model;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.importance.Backprop;
import io.espalier.model.importance.HessianPass;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.importance.ZerothOrder;
import io.espalier.model.pruning.BiasPass;
import io.espalier.model.pruning.LeastSquaresPass;
import io.espalier.model.recovery.LocalDistillation;
import io.espalier.model.recovery.LocalTraining;
import io.espalier.model.recovery.LoraDistillation;
import io.espalier.model.recovery.LoraTraining;
import io.espalier.model.recovery.TeacherPass;
import io.espalier.model.sparsity.DassPass;
import io.espalier.model.sparsity.SparseGptPass;
import io.espalier.model.sparsity.SparsePass;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * By hand, for 10 windows of 64 tokens through layers of d = 32, 4 heads of 8, f = 80 and a vocabulary of 160: a layer has
 * 4·32·32 + 3·32·80 weights and two norms, 11,840 numbers; a token's activations are 4·(4·32 + 3·80) bytes.
 */
class FootprintTest {
    private static final int WINDOWS = 10;
    private static final int LENGTH = 64;
    private static final long LAYER = 4 * 11_840;
    /** Of those its second half, with one of the norms. */
    private static final long FEED_FORWARD = 4 * (3 * 32 * 80 + 32);

    private static final long HIDDEN = 10 * 64 * 32 * 4;
    private static final long TOKEN = 4 * (4 * 32 + 3 * 80);
    /** A chunk is 256 tokens, of which two go side by side, or all 640 where 1,280 would be. */
    private static final long CHUNKS = 2 * 256 * TOKEN;

    private static final long CHUNK_TO_SUM = 640 * TOKEN;
    /** 160 rows of the output projection, and three times their logits. */
    private static final long HEAD = 4 * 160 * (32 + 3 * 2 * 256);

    private static final long LARGEST_LINEAR = 32 * 80;
    private static final ModelLayout LAYOUT = layout(GoldenCheckpoint.LLAMA);
    private static final Footprint FOOTPRINT = new Footprint(LAYOUT, Computation.EXACT);

    private static ModelLayout layout(Path folder) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            return ModelLayout.of(checkpoint);
        }
    }

    @Test
    void statisticsHoldALayerTheNextOneTheHiddenStatesAndTwoChunks() {
        assertThat(InputStatistics.bytes(FOOTPRINT, WINDOWS, LENGTH)).isEqualTo(2 * LAYER + HIDDEN + CHUNKS);
    }

    @Test
    void weightsOfHalfTheBytesTakeHalfOfThem() {
        Footprint half = new Footprint(LAYOUT, new Computation(ComputeType.BF16, MemoryBudget.DEFAULT));

        assertThat(InputStatistics.bytes(half, WINDOWS, LENGTH)).isEqualTo(LAYER + HIDDEN + CHUNKS);
    }

    @Test
    void longWindowsPassALayerOneAfterTheOther() {
        long hidden = 2 * 300 * 32 * 4;

        assertThat(InputStatistics.bytes(FOOTPRINT, 2, 300)).isEqualTo(2 * LAYER + hidden + 300 * TOKEN);
    }

    @Test
    void windowsFewerThanAChunkTakeNoMoreThanTheyAre() {
        assertThat(InputStatistics.bytes(FOOTPRINT, 1, LENGTH)).isEqualTo(2 * LAYER + HIDDEN / 10 + 64 * TOKEN);
    }

    @Test
    void scoresThatAreCappedTakeAMaskAndThreeTimesThoseOfABlockOfHeads() {
        Footprint capped = new Footprint(layout(GoldenCheckpoint.of("gemma2")), Computation.EXACT);
        // 4 query and 2 KV heads of 12, and four norms.
        long layer = 4 * (2 * 48 * 32 + 2 * 24 * 32 + 3 * 32 * 80 + 4 * 32);
        long scores = 64 * 64;

        assertThat(InputStatistics.bytes(capped, 1, 64))
                .isEqualTo(2 * layer + HIDDEN / 10 + 64 * TOKEN + 20 * scores + 3 * 4 * 4 * scores);
    }

    @Test
    void halvesSideBySideHoldWhatEnteredTheLayerToo() {
        Footprint parallel = new Footprint(layout(GoldenCheckpoint.of("gpt-neox")), Computation.EXACT);
        // Of 4 heads of 8, 96 channels, biases everywhere and two norms with biases.
        long layer = 4 * (4 * 32 * 32 + 4 * 32 + 2 * 32 * 96 + 32 + 96 + 4 * 32);
        long token = 4 * (5 * 32 + 3 * 96);

        assertThat(InputStatistics.bytes(parallel, 1, 64)).isEqualTo(2 * layer + 2 * HIDDEN / 10 + 64 * token);
    }

    @Test
    void aNarrowOutputEmbeddingIsCountedWithItsProjection() {
        Footprint narrow = new Footprint(layout(GoldenCheckpoint.of("opt-350m")), Computation.EXACT);

        assertThat(Perplexity.bytes(narrow, WINDOWS, LENGTH))
                .isEqualTo(2 * HIDDEN + 4 * (20 * 32 + 160 * (20 + 3 * 2 * 256)));
    }

    @Test
    void aSmallerBudgetTakesFewerTokensAtATime(@TempDir Path folder) throws IOException {
        long token = 4L * (4 * 4096 + 3 * 11_008);
        // An eighth of the budget holds 169 tokens, in windows of 2.
        long tokens = 169 / 2 * 2;
        long half = 4L * 3 * 4096 * 11_008;
        long hidden = 4L * 600 * 2 * 4096;
        Footprint tight = new Footprint(wide(folder), new Computation(ComputeType.FP32, new MemoryBudget(256 << 20)));

        assertThat(Backprop.bytes(tight, 600, 2, false, false)).isEqualTo(2 * half + 2 * hidden + 3 * tokens * token);
    }

    @Test
    void aDrawHoldsTwoSidesBesideTheDenseStreamItsMovedWeightsAndBothSidesNormalised() {
        assertThat(ZerothOrder.bytes(FOOTPRINT, WINDOWS, LENGTH, 1000))
                .isEqualTo(4 * 1000 + 3 * HIDDEN + 2 * HIDDEN + HEAD);
        assertThat(ZerothOrder.bytes(FOOTPRINT, 1, LENGTH, 0))
                .as("few windows: the layers take more than what comes behind them")
                .isEqualTo(3 * HIDDEN / 10 + 2 * LAYER + 64 * TOKEN);
    }

    @Test
    void anEstimateIsAnFp64SumAndAnFp32MatrixBesideTheLayer() {
        assertThat(LayerScorer.estimateBytes(FOOTPRINT)).isEqualTo(LAYER + 12 * LARGEST_LINEAR);
    }

    @Test
    void rewritingHoldsOneMatrixTwice() {
        assertThat(SparsePass.bytes(FOOTPRINT)).isEqualTo(LAYER + 4 * LARGEST_LINEAR);
    }

    @Test
    void backpropagationHoldsHalfALayerItsGradientsAndWhatIsRecorded() {
        long half = 4 * 3 * 32 * 80;

        assertThat(Backprop.bytes(FOOTPRINT, WINDOWS, LENGTH, false, false))
                .isEqualTo(2 * half + 2 * HIDDEN + 3 * CHUNKS / 2);
        assertThat(Backprop.bytes(FOOTPRINT, WINDOWS, LENGTH, true, false))
                .isEqualTo(3 * half + 2 * HIDDEN + 3 * CHUNKS / 2);
    }

    @Test
    void aLayerLearnsInSmallChunksWhereTheBudgetDoesNotHoldLargeOnes(@TempDir Path folder) throws IOException {
        long layer = 4L * (4 * 4096 * 4096 + 3 * 4096 * 11_008 + 2 * 4096);
        long token = 4L * (4 * 4096 + 3 * 11_008);
        long batch = 16L * 128 * 4096 * 4;
        ModelLayout wide = wide(folder);
        LocalTraining training = new LocalTraining(false, 150, 16, 1e-3);

        assertThat(LocalDistillation.bytes(within(wide, 4), 512, 128, training))
                .isEqualTo(4 * layer + 2 * batch + 6 * 256 * token)
                .isLessThan(4L << 30);
        assertThat(LocalDistillation.bytes(within(wide, 6), 512, 128, training))
                .isEqualTo(4 * layer + 2 * batch + 6 * 1280 * token);
    }

    @Test
    void aRecoveryOfSevenBillionParametersFitsInFourGibibytes(@TempDir Path folder) throws IOException {
        Footprint within = within(wide(folder), 4);
        LoraTraining adapters = new LoraTraining(8, 16, List.of(), LoraTraining.Objective.DISTILL, 300, 16, 1e-3, 30);

        assertThat(TeacherPass.bytes(within, 512, 128)).isLessThan(4L << 30);
        assertThat(LoraDistillation.bytes(within, 512, 128, adapters)).isLessThan(4L << 30);
    }

    private static Footprint within(ModelLayout layout, long gibibytes) {
        return new Footprint(layout, new Computation(ComputeType.FP32, new MemoryBudget(gibibytes << 30)));
    }

    @Test
    void gradientsAreComparedWithOneEstimatedMatrix(@TempDir Path folder) throws IOException {
        Footprint wide = new Footprint(wide(folder), Computation.EXACT);
        long half = 4L * 3 * 4096 * 11_008;
        long hidden = 2 * 4096 * 4;

        assertThat(Backprop.bytes(wide, 1, 2, false, true))
                .isEqualTo(2 * half + 2 * hidden + 4L * 4096 * 11_008 + 8L * 512 * 11_008);
    }

    @Test
    void hessiansAreTwoGramMatricesOfWhichOneIsInvertedInItsPlaceBesideItsWeights() {
        long grams = 4 * (32 * 32 + 80 * 80);
        long inverted = 8 * 80 * 80 - 4 * 80 * 80;
        long headsRows = 2 * 8 * 8 * 80;

        assertThat(HessianPass.bytes(FOOTPRINT, 1, 2, true))
                .isEqualTo(2 * LAYER + 2 * 32 * 4 + grams + inverted + 8 * 32 * 80 + headsRows);
        assertThat(HessianPass.bytes(FOOTPRINT, 1, 2, false))
                .isEqualTo(LAYER + 4 * (32 * 32 + 32 * 80) + 2 * 32 * 4 + grams + inverted + 8 * 32 * 80 + headsRows);
        assertThat(HessianPass.bytes(FOOTPRINT, WINDOWS, LENGTH, false))
                .isEqualTo(2 * LAYER + HIDDEN + grams + CHUNK_TO_SUM);
    }

    @Test
    void aSequentialSelectionCutsOneMatrixAtATime() {
        assertThat(DassPass.bytes(FOOTPRINT, 1, 2)).isEqualTo(2 * LAYER + 2 * 32 * 4 + 4 * LARGEST_LINEAR);
        assertThat(DassPass.bytes(FOOTPRINT, WINDOWS, LENGTH)).isEqualTo(2 * LAYER + HIDDEN + CHUNK_TO_SUM);
    }

    @Test
    void biasesHoldTheColumnsThatGo() {
        assertThat(BiasPass.bytes(FOOTPRINT, WINDOWS, LENGTH))
                .isEqualTo(LAYER + HIDDEN + 4 * (32 * 32 + 32 * 80) + 2 * CHUNK_TO_SUM);
    }

    @Test
    void leastSquaresHoldsASystemAndWhatItIsSolvedForBesideTheSecondHalfOfALayer(@TempDir Path folder)
            throws IOException {
        Footprint wide = new Footprint(wide(folder), Computation.EXACT);
        List<LayerShape> nearlyAll = Collections.nCopies(32, new LayerShape(31, 31, 128, 11_007));
        long half = 4L * (3 * 4096 * 11_008 + 4096);
        long hidden = 2 * 4096 * 4;

        assertThat(LeastSquaresPass.bytes(wide, 1, 2, 1, nearlyAll))
                .isEqualTo(half + hidden + 4L * 4096 * 11_007 + 8L * 11_007 * 11_007);
    }

    @Test
    void aBlendedTargetCarriesTheWindowsTwice() {
        List<LayerShape> halved = Collections.nCopies(3, new LayerShape(2, 2, 8, 40));
        // The attention output, which keeps 16 columns of 32, while there is a whole layer.
        long measuring = 4 * 16 * 16 + 4 * 32 * 32;

        assertThat(LeastSquaresPass.bytes(FOOTPRINT, WINDOWS, LENGTH, 2, halved))
                .isEqualTo(LAYER + 2 * HIDDEN + measuring + 3 * CHUNK_TO_SUM);
    }

    @Test
    void theDefaultBudgetHoldsAnyRepairOfALayerOf7B(@TempDir Path folder) throws IOException {
        Footprint wide = new Footprint(wide(folder), Computation.EXACT);
        List<LayerShape> nearlyAll = Collections.nCopies(32, new LayerShape(31, 31, 128, 11_007));

        assertThat(LeastSquaresPass.bytes(wide, 64, 128, 2, nearlyAll))
                .isBetween(1900L << 20, MemoryBudget.DEFAULT.bytes());
        assertThat(SparseGptPass.bytes(wide, 64, 128)).isBetween(1900L << 20, MemoryBudget.DEFAULT.bytes());
        assertThat(HessianPass.bytes(wide, 64, 128, false)).isBetween(1700L << 20, MemoryBudget.DEFAULT.bytes());
    }

    @Test
    void layersThatLoseNothingAreNotRepaired() {
        List<LayerShape> same = LAYOUT.layers().stream().map(LayerLayout::shape).toList();

        assertThat(LeastSquaresPass.bytes(FOOTPRINT, WINDOWS, LENGTH, 1, same))
                .isEqualTo(LAYER + HIDDEN + CHUNK_TO_SUM);
    }

    @Test
    void sparseGptHoldsAFactorAndAMatrixInFp64() {
        assertThat(SparseGptPass.bytes(FOOTPRINT, 1, 2))
                .isEqualTo(FEED_FORWARD + 2 * 32 * 4 + 8 * 80 * 80 + 9 * 32 * 80);
    }

    @Test
    void perplexityHoldsTheHiddenStatesTwiceBeforeTheLastProduct() {
        assertThat(Perplexity.bytes(FOOTPRINT, WINDOWS, LENGTH)).isEqualTo(2 * HIDDEN + HEAD);
        assertThat(Perplexity.bytes(FOOTPRINT, 1, LENGTH)).isEqualTo(HIDDEN / 10 + 2 * LAYER + 64 * TOKEN);
    }

    @Test
    void theNextLayerIsNotReadWhereTwoWouldTakeMoreThanHalfOfTheBudget(@TempDir Path folder) throws IOException {
        long layer = 4L * (4 * 4096 * 4096 + 3 * 4096 * 11_008 + 2 * 4096);

        assertThat(InputStatistics.bytes(new Footprint(wide(folder), Computation.EXACT), 1, 2))
                .isEqualTo(layer + 2 * 4096 * 4 + 2 * 4 * (4 * 4096 + 3 * 11_008));
    }

    /** Layers of the shape of LLaMA 7B. */
    private static ModelLayout wide(Path folder) throws IOException {
        Path config = Files.writeString(folder.resolve("config.json"), """
                {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
                 "num_attention_heads": 32, "vocab_size": 32000, "max_position_embeddings": 2048, "rms_norm_eps": 1e-5}
                """);
        return ModelLayout.of(ModelConfig.read(config), Set.of());
    }

    @Test
    void whatDoesNotFitIsRefusedNamingTheBudgetAndTheBytes() {
        Footprint tight = new Footprint(LAYOUT, new Computation(ComputeType.FP32, new MemoryBudget(64 << 20)));
        tight.check("this", 64 << 20);

        assertFails(ErrorCode.INVALID_ARGUMENT, () -> tight.check("statistics of much text", (64 << 20) + 1))
                .contains("memory budget", "statistics of much text", "67108865", "67108864");
    }

    @Test
    void aBudgetTooSmallForAnythingIsRefused() {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> new MemoryBudget(1000)).contains("memory budget", "1000");
    }
}
