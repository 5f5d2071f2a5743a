package io.espalier.model.recovery;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.file.DurableFile;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.RecoveryKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.LayerLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/**
 * The training of one layer. Of the weights at each point of the curve those are kept that are best on the held-out windows.
 *
 * @param together how many windows pass the layer together
 * @param inputs holds what enters the layer
 * @param targets holds what the layer is to give, behind its boundary
 * @param folder that receives the weights, and then the curve, which says that they are complete
 */
record LayerTraining(
        LocalDistillation distillation,
        LayerLayout layer,
        int together,
        HiddenFiles inputs,
        HiddenFiles targets,
        Path folder) {
    /** How many times the curve is measured, after the first time. */
    private static final int POINTS = 10;

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Hears how far the training has come. */
    @FunctionalInterface
    interface Steps {
        /** @param tokens put through the layer so far */
        void done(int steps, long tokens);
    }

    /** Trains, unless an earlier run with the same settings did. */
    LossCurve run(Steps progress) {
        Path curve = folder.resolve("layer-%d.json".formatted(layer.index()));
        try {
            if (!Files.exists(curve)) {
                DurableFile.write(curve, JSON.writeValueAsBytes(train(progress)));
            }
            return JSON.readValue(Files.readAllBytes(curve), LossCurve.class);
        } catch (IOException e) {
            throw new EspalierException(
                    ErrorCode.INTERNAL, "work file " + curve.getFileName() + ": cannot be used; run the job again", e);
        }
    }

    private LossCurve train(Steps progress) throws IOException {
        Path result = folder.resolve(LocalDistillation.file(layer.index()));
        // Another worker may do the same task: each writes what is best so far under a name of its own.
        Path best = folder.resolve("." + result.getFileName() + "." + UUID.randomUUID());
        try (TrainedLayer trained = new TrainedLayer(distillation.pruned(), layer, distillation.masked())) {
            LossCurve curve = train(trained, new LayerFile(layer, best), progress);
            Files.move(best, result, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return curve;
        } finally {
            Files.deleteIfExists(best);
        }
    }

    private LossCurve train(TrainedLayer trained, LayerFile kept, Steps progress) {
        LocalTraining training = distillation.training();
        RecoveryWindows windows = RecoveryWindows.of(distillation.windows().length);
        List<LossCurve.Point> points = new ArrayList<>();
        points.add(new LossCurve.Point(0, 0, error(trained, windows.heldOut())));
        trained.write(kept);
        int best = 0;
        double lowest = points.get(0).heldOut();
        double sum = 0;
        int since = 0;
        for (int step = 1; step <= training.steps(); step++) {
            sum += step(trained, windows.batch(step - 1, training.batch(), distillation.seed()), step);
            since++;
            if (step % Math.max(1, training.steps() / POINTS) == 0 || step == training.steps()) {
                double heldOut = error(trained, windows.heldOut());
                requireFinite(heldOut + sum, step, lowest, best);
                points.add(new LossCurve.Point(step, sum / since, heldOut));
                sum = 0;
                since = 0;
                if (heldOut < lowest) {
                    lowest = heldOut;
                    best = step;
                    trained.write(kept);
                }
            }
            progress.done(step, (long) step * training.batch() * distillation.windows()[0].length);
        }
        return new LossCurve(points, best);
    }

    private void requireFinite(double loss, int step, double lowest, int best) {
        if (!Double.isFinite(loss)) {
            throw new InvalidSetting(
                    Setting.LOCAL_LEARNING_RATE,
                    "the training of layer %d gave no finite error at step %d (its best was %.4g at step %d); choose a smaller one"
                            .formatted(layer.index(), step, lowest, best));
        }
    }

    /** @return the mean error of the batch before the step */
    private double step(TrainedLayer trained, int[] batch, int step) {
        LocalTraining training = distillation.training();
        try (Scope scope = Scope.open()) {
            Tensor x = inputs.load(layer.index(), batch, scope);
            Tensor target = targets.load(layer.index() + 1, batch, scope);
            double norm = new RecoveryKernels(scope).sumOfSquares(target);
            Kernels kernels = new Kernels(scope);
            double error = 0;
            for (int start = 0; start < batch.length; start += together) {
                Cancellation.check();
                int count = Math.min(together, batch.length - start);
                try (Tensor some = kernels.narrow(x, 0, start, count);
                        Tensor wanted = kernels.narrow(target, 0, start, count)) {
                    error += trained.learn(some, wanted, 1 / norm);
                }
            }
            double rate = training.learningRate() * (training.steps() - step + 1) / training.steps();
            trained.advance(rate, step);
            return error / norm;
        }
    }

    /** ‖f(h) − target‖² / ‖target‖² over some windows. */
    private double error(TrainedLayer trained, int[] windows) {
        double error = 0;
        double norm = 0;
        for (int start = 0; start < windows.length; start += together) {
            Cancellation.check();
            int[] some = Arrays.copyOfRange(windows, start, Math.min(windows.length, start + together));
            try (Scope scope = Scope.open()) {
                RecoveryKernels kernels = new RecoveryKernels(scope);
                Tensor y = trained.through(inputs.load(layer.index(), some, scope), scope);
                Tensor target = targets.load(layer.index() + 1, some, scope);
                error += kernels.squaredError(y, target);
                norm += kernels.sumOfSquares(target);
            }
        }
        return error / norm;
    }
}
