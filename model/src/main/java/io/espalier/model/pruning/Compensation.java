package io.espalier.model.pruning;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.ModelLayout;
import java.util.Arrays;

/** How the output and down projections make up for the input columns they lose. */
public enum Compensation {
    /** Not at all: the columns are dropped. */
    NONE("none", "") {
        @Override
        CalibrationPass begin(Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget) {
            return new PassWithoutRepair();
        }
    },
    /** A bias adds what the lost columns contributed on average; see {@link LostMean}. */
    BIAS("bias", "") {
        @Override
        CalibrationPass begin(Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget) {
            return BiasPass.begin(checkpoint, layout, windows, budget);
        }
    },
    /**
     * The kept columns are solved by least squares to reproduce the output that the whole layer gives behind the layers
     * already pruned; see {@link LeastSquares}.
     */
    LEAST_SQUARES_OWN("least-squares", "own") {
        @Override
        CalibrationPass begin(Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget) {
            return LeastSquaresPass.own(checkpoint, layout, windows, budget);
        }
    },
    /** The same for the mean of that output and of the output in the dense model. */
    LEAST_SQUARES_BLEND("least-squares", "blend") {
        @Override
        CalibrationPass begin(Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget) {
            return LeastSquaresPass.blend(checkpoint, layout, windows, budget);
        }
    };

    private final String label;
    private final String target;

    Compensation(String label, String target) {
        this.label = label;
        this.target = target;
    }

    /** Its name in a request. */
    public String label() {
        return label;
    }

    /** Name in a request of the output it reproduces; empty where there is no choice. */
    public String target() {
        return target;
    }

    /** Whether the pruned model gets biases that its family does not have. */
    public boolean addsBiases() {
        return this == BIAS;
    }

    /** @param windows [windows, tokens] of the calibration text; not read by {@link #NONE} */
    abstract CalibrationPass begin(Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget);

    /**
     * @param target {@code own} or {@code blend}; ignored where there is no choice
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the compensation
     */
    public static Compensation named(String name, String target) {
        return Arrays.stream(values())
                .filter(compensation -> compensation.label.equals(name))
                .filter(compensation -> compensation.target.isEmpty() || compensation.target.equals(target))
                .findFirst()
                .orElseThrow(() -> new InvalidSetting(
                        Setting.COMPENSATION,
                        ("'%s' with target '%s' is unknown; known are least-squares with target"
                                        + " blend or own, bias, none")
                                .formatted(name, target)));
    }
}
