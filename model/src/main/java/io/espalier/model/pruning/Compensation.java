package io.espalier.model.pruning;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.ModelLayout;
import java.util.Arrays;

/** What is done about the removed columns of a linear layer. */
public enum Compensation {
    /** They are dropped. */
    NONE("none", "") {
        @Override
        CalibrationPass begin(Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget) {
            return new PassWithoutRepair();
        }
    },
    /** What they gave on average becomes a bias; see {@link LostMean}. */
    BIAS("bias", "") {
        @Override
        CalibrationPass begin(Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget) {
            return BiasPass.begin(checkpoint, layout, windows, budget);
        }
    },
    /** The kept ones are solved anew to give what the layer gave behind the pruned ones; see {@link LeastSquares}. */
    LEAST_SQUARES_OWN("least-squares", "own") {
        @Override
        CalibrationPass begin(Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget) {
            return LeastSquaresPass.own(checkpoint, layout, windows, budget);
        }
    },
    /** The same, half way to what the layer gave in the dense model. */
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

    /** As requests name it. */
    public String label() {
        return label;
    }

    /** What it reproduces, as requests name it; empty where there is no choice. */
    public String target() {
        return target;
    }

    /** Whether the pruned model has biases where its family has none. */
    public boolean addsBiases() {
        return this == BIAS;
    }

    abstract CalibrationPass begin(Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget);

    /**
     * @param target {@code own} or {@code blend}; not looked at where there is no choice
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
