package io.espalier.model;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.evaluation.Comparison;
import io.espalier.model.importance.Backprop;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.importance.Distribution;
import io.espalier.model.importance.DrawLosses;
import io.espalier.model.importance.HessianPass;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.importance.ZerothOrder;
import io.espalier.model.pruning.BiasPass;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.LeastSquaresPass;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.pruning.SequentialPass;
import io.espalier.model.pruning.UnitRounding;
import io.espalier.model.recovery.LocalDistillation;
import io.espalier.model.recovery.LocalTraining;
import io.espalier.model.recovery.LoraDistillation;
import io.espalier.model.recovery.LoraTraining;
import io.espalier.model.recovery.TeacherPass;
import io.espalier.model.search.ComponentPrices;
import io.espalier.model.search.Divergence;
import io.espalier.model.search.MeasuredPrices;
import io.espalier.model.search.PriceEstimate;
import io.espalier.model.search.Spaces;
import io.espalier.model.sparsity.LinearChoice;
import io.espalier.model.sparsity.MaskCriterion;
import io.espalier.model.sparsity.SparseGptPass;
import io.espalier.model.sparsity.SparsePass;
import io.espalier.model.sparsity.SparsityPattern;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.Engine;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Each kind of pass with what its footprint says of it: every chunk is as large as it gets. */
enum MeasuredPass {
    STATISTICS {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            InputStatistics.collect(checkpoint, WINDOWS, all(checkpoint), Progress.SILENT);
        }

        @Override
        long said(Footprint footprint) {
            return InputStatistics.bytes(footprint, WINDOWS.length, LENGTH);
        }
    },
    DRAW {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            new ZerothOrder(1, 1e-3).losses(checkpoint, WINDOWS, 0, 1, all(checkpoint), Progress.SILENT);
        }

        @Override
        long said(Footprint footprint) {
            long moved = Distribution.GAUSSIAN.movedTogether(footprint.layout().layers());
            return ZerothOrder.bytes(footprint, WINDOWS.length, LENGTH, moved);
        }
    },
    ESTIMATE {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            List<DrawLosses> losses = List.of(new DrawLosses(0, 1.1, 1), new DrawLosses(1, 1, 1.2));
            LayerScorer.score(
                    checkpoint,
                    0,
                    List.of(Criterion.named("taylor", 1)),
                    1,
                    null,
                    new ZerothOrder(1, 1e-3).gradient(losses));
        }

        @Override
        long said(Footprint footprint) {
            return LayerScorer.estimateBytes(footprint);
        }
    },
    BACKPROP {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            Criterion taylor =
                    Criterion.named("taylor", CriterionOptions.usual().withForm("mix"));
            new Backprop(checkpoint, WINDOWS, all(checkpoint), true)
                    .run(
                            folder,
                            (layer, weights, gradients) ->
                                    taylor.score(new LayerEvidence(layer, weights, 1).with(gradients)),
                            (layer, attention, feedForward) -> {},
                            Progress.SILENT);
        }

        @Override
        long said(Footprint footprint) {
            return Backprop.bytes(footprint, WINDOWS.length, LENGTH, true, false);
        }
    },
    PRICES {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            new PriceEstimate(Spaces.random(checkpoint), WINDOWS, 1).run(folder, Progress.SILENT);
        }

        @Override
        long said(Footprint footprint) {
            return PriceEstimate.bytes(footprint, WINDOWS.length, LENGTH);
        }
    },
    CANDIDATES {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            new Divergence(Spaces.random(checkpoint), WINDOWS, WINDOWS)
                    .of(
                            List.of(
                                    left(ModelLayout.of(checkpoint)),
                                    checkpoint.config().layers().stream()
                                            .map(shape -> shape.left(1, 64))
                                            .toList()),
                            Progress.SILENT);
        }

        @Override
        long said(Footprint footprint) {
            return Divergence.bytes(footprint, WINDOWS.length, WINDOWS.length, LENGTH, 2);
        }
    },
    MEASURED_CUTS {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            int all = checkpoint.config().layers().get(0).ffnChannels();
            int[] kept =
                    IntStream.range(0, 12).map(step -> all - step * all / 12).toArray();
            double[] prices = new double[kept.length];
            // Neither nothing nor hopeless, so each of them is measured.
            Arrays.fill(prices, 1, prices.length, 0.1);
            ComponentPrices component = new ComponentPrices(0, LayerHalf.FEED_FORWARD, kept, prices);
            new MeasuredPrices(Spaces.random(checkpoint), WINDOWS).of(component, Progress.SILENT);
        }

        @Override
        long said(Footprint footprint) {
            return MeasuredPrices.bytes(footprint, WINDOWS.length, LENGTH);
        }
    },
    HESSIANS {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            List<Criterion> obs = List.of(Criterion.named("obs", 1));
            new HessianPass(checkpoint, WINDOWS, all(checkpoint), MemoryBudget.DEFAULT)
                    .run(
                            folder,
                            (layer, weights, hessians) ->
                                    LayerScorer.score(obs, new LayerEvidence(layer, weights, 1).with(hessians)),
                            Progress.SILENT);
        }

        @Override
        long said(Footprint footprint) {
            return HessianPass.bytes(footprint, WINDOWS.length, LENGTH, false);
        }
    },
    SEQUENTIAL {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            select(checkpoint, "wanda-sp", folder);
        }

        @Override
        long said(Footprint footprint) {
            return SequentialPass.bytes(footprint, WINDOWS.length, LENGTH, Criterion.named("wanda-sp", 1));
        }
    },
    SEQUENTIAL_HESSIANS {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            select(checkpoint, "obs", folder);
        }

        @Override
        long said(Footprint footprint) {
            return SequentialPass.bytes(footprint, WINDOWS.length, LENGTH, Criterion.named("obs", 1));
        }
    },
    BIAS {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            DemoModel.prune(checkpoint, removed(checkpoint), WINDOWS, Compensation.BIAS, folder);
        }

        @Override
        long said(Footprint footprint) {
            return BiasPass.bytes(footprint, WINDOWS.length, LENGTH);
        }
    },
    LEAST_SQUARES {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            DemoModel.prune(checkpoint, removed(checkpoint), WINDOWS, Compensation.LEAST_SQUARES_OWN, folder);
        }

        @Override
        long said(Footprint footprint) {
            return LeastSquaresPass.bytes(footprint, WINDOWS.length, LENGTH, 1, left(footprint.layout()));
        }
    },
    BLEND {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            DemoModel.prune(checkpoint, removed(checkpoint), WINDOWS, Compensation.LEAST_SQUARES_BLEND, folder);
        }

        @Override
        long said(Footprint footprint) {
            return LeastSquaresPass.bytes(footprint, WINDOWS.length, LENGTH, 2, left(footprint.layout()));
        }
    },
    REWRITING {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            MaskCriterion magnitude = MaskCriterion.named("magnitude");
            write(checkpoint, folder, out -> new SparsePass(checkpoint, all(checkpoint))
                    .run(
                            (layer, weights) ->
                                    magnitude.masks(new LayerEvidence(layer, weights, 1), PATTERN, LinearChoice.ALL),
                            out,
                            Progress.SILENT));
        }

        @Override
        long said(Footprint footprint) {
            return SparsePass.bytes(footprint);
        }
    },
    SPARSE_GPT {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            write(checkpoint, folder, out -> new SparseGptPass(
                            checkpoint, WINDOWS, PATTERN, LinearChoice.ALL, all(checkpoint), MemoryBudget.DEFAULT)
                    .run(out, Progress.SILENT));
        }

        @Override
        long said(Footprint footprint) {
            return SparseGptPass.bytes(footprint, WINDOWS.length, LENGTH);
        }
    },
    LOCAL_DISTILLATION {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            teach(checkpoint, folder);
            LocalDistillation distillation = new LocalDistillation(
                    checkpoint, linears(checkpoint), WINDOWS, folder, LOCAL, 1, MemoryBudget.DEFAULT);
            distillation.layer(1, folder, Progress.SILENT);
        }

        @Override
        long said(Footprint footprint) {
            return Math.max(
                    TeacherPass.bytes(footprint, WINDOWS.length, LENGTH),
                    LocalDistillation.bytes(footprint, WINDOWS.length, LENGTH, LOCAL));
        }
    },
    ADAPTERS {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            teach(checkpoint, folder);
            new LoraDistillation(checkpoint, layers(checkpoint), WINDOWS, folder, LORA, 1, MemoryBudget.DEFAULT)
                    .run(folder, Progress.SILENT);
        }

        @Override
        long said(Footprint footprint) {
            return Math.max(
                    TeacherPass.bytes(footprint, WINDOWS.length, LENGTH),
                    LoraDistillation.bytes(footprint, WINDOWS.length, LENGTH, LORA));
        }
    },
    EVALUATION {
        @Override
        void run(Checkpoint checkpoint, Path folder) {
            Comparison.of(checkpoint, List.of(checkpoint), WINDOWS, MemoryBudget.DEFAULT, Progress.SILENT);
        }

        @Override
        long said(Footprint footprint) {
            return Comparison.bytes(footprint, WINDOWS.length, LENGTH, 2);
        }
    };

    private static final int LENGTH = 64;
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(16, LENGTH, 1);
    private static final double SHARE = 0.25;
    private static final LocalTraining LOCAL = new LocalTraining(false, 2, 14, 1e-3);
    private static final LoraTraining LORA =
            new LoraTraining(8, 16, List.of(), LoraTraining.Objective.DISTILL, 2, 14, 1e-3, 0);
    private static final SparsityPattern PATTERN = new SparsityPattern.NofM(2, 4);

    /** @param folder empty */
    abstract void run(Checkpoint checkpoint, Path folder);

    abstract long said(Footprint footprint);

    void run(Path model) throws IOException {
        Path folder = Files.createTempDirectory("pass");
        // Each thread keeps blocks of its own.
        Engine.setThreads(2);
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            run(checkpoint, folder);
        }
        ScoringProcess.delete(folder);
    }

    /** Bytes it takes over a model. */
    long said(Path model) {
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            return said(new Footprint(ModelLayout.of(checkpoint), Computation.EXACT));
        }
    }

    private static void teach(Checkpoint checkpoint, Path folder) {
        new TeacherPass(checkpoint, WINDOWS, MemoryBudget.DEFAULT).run(folder, Progress.SILENT);
    }

    private static LayerScope all(Checkpoint checkpoint) {
        return new LayerScope(0, checkpoint.config().layers().size());
    }

    private static int layers(Checkpoint checkpoint) {
        return checkpoint.config().layers().size();
    }

    /** Names of the weights of all linear layers, as if all were masked. */
    private static Set<String> linears(Checkpoint checkpoint) {
        return ModelLayout.of(checkpoint).layers().stream()
                .flatMap(layer -> layer.linears().stream())
                .map(linear -> linear.weight().name())
                .collect(Collectors.toSet());
    }

    /** The first quarter of each layer's units. */
    private static List<RemovedUnits> removed(Checkpoint checkpoint) {
        return checkpoint.config().layers().stream()
                .map(shape -> new RemovedUnits(
                        IntStream.range(0, shape.attentionUnits() / 4).toArray(),
                        IntStream.range(0, shape.ffnChannels() / 4).toArray()))
                .toList();
    }

    private static List<LayerShape> left(ModelLayout layout) {
        return layout.layers().stream()
                .map(LayerLayout::shape)
                .map(shape -> new LayerShape(
                        shape.heads() - shape.heads() / 4,
                        shape.kvHeads() - shape.kvHeads() / 4,
                        shape.headDim(),
                        shape.ffnChannels() - shape.ffnChannels() / 4))
                .toList();
    }

    private interface Written {
        void to(CheckpointWriter out);
    }

    private static void write(Checkpoint checkpoint, Path folder, Written written) {
        try (CheckpointWriter out =
                CheckpointWriter.create(folder, List.copyOf(checkpoint.tensors().values()))) {
            written.to(out);
            out.writeJson("config.json", checkpoint.config().json());
            out.finish();
        }
    }

    private static void select(Checkpoint checkpoint, String criterion, Path folder) {
        new SequentialPass(
                        checkpoint,
                        WINDOWS,
                        all(checkpoint),
                        Criterion.named(criterion, 1),
                        new UnitRounding(1),
                        SHARE,
                        1,
                        MemoryBudget.DEFAULT)
                .run(folder, (layer, scores, removed) -> {}, Progress.SILENT);
    }
}
