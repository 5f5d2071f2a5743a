package io.espalier.model.pruning;

import io.espalier.base.EspalierException;
import io.espalier.model.Setting;
import java.util.function.DoubleFunction;

/** How much of a model a job removes. */
public sealed interface Budget {
    /**
     * Remove this share of the units in the layers in scope, or of those layers. No ratio is too large: the units and
     * layers that a model cannot do without stay in any case.
     *
     * @param ratio in (0, 1)
     */
    record UnitRatio(double ratio) implements Budget {
        /** @throws EspalierException {@code INVALID_ARGUMENT} naming the unit ratio */
        public UnitRatio {
            Share.require(Setting.UNIT_RATIO, ratio);
        }

        @Override
        public Setting setting() {
            return Setting.UNIT_RATIO;
        }

        @Override
        public <L> void check(L least, TensorsLeft<L> tensors) {}

        @Override
        public <L> L spend(DoubleFunction<L> left, TensorsLeft<L> tensors) {
            return left.apply(ratio);
        }
    }

    /**
     * Remove at least this share of all parameters of the model.
     *
     * @param ratio in (0, 1)
     */
    record ParameterRatio(double ratio) implements Budget {
        private static final Setting SETTING = Setting.PARAMETER_RATIO;

        /** @throws EspalierException {@code INVALID_ARGUMENT} naming the parameter ratio */
        public ParameterRatio {
            Share.require(SETTING, ratio);
        }

        @Override
        public Setting setting() {
            return SETTING;
        }

        @Override
        public <L> void check(L least, TensorsLeft<L> tensors) {
            long all = tensors.parameters();
            if (tensors.parameters(least) > mostLeft(tensors)) {
                throw Share.invalid(
                        SETTING,
                        "cannot be met: of %d parameters, the layers in scope can lose %d; prune more layers or ask for less"
                                .formatted(all, all - tensors.parameters(least)));
            }
        }

        @Override
        public <L> L spend(DoubleFunction<L> left, TensorsLeft<L> tensors) {
            long most = mostLeft(tensors);
            return Share.leastRemoved(left, some -> tensors.parameters(some) <= most);
        }

        private long mostLeft(TensorsLeft<?> tensors) {
            return (long) Math.floor((1 - ratio) * tensors.parameters());
        }
    }

    /**
     * Leave tensors of at most this size.
     *
     * @param bytes of all tensors of the pruned checkpoint, without headers
     */
    record Bytes(long bytes) implements Budget {
        private static final Setting SETTING = Setting.BYTES;

        /** @throws EspalierException {@code INVALID_ARGUMENT} naming the bytes */
        public Bytes {
            if (bytes < 1) {
                throw Share.invalid(SETTING, "must be positive, was " + bytes);
            }
        }

        @Override
        public Setting setting() {
            return SETTING;
        }

        @Override
        public <L> void check(L least, TensorsLeft<L> tensors) {
            if (tensors.bytes(least) > bytes) {
                throw Share.invalid(
                        SETTING,
                        "cannot be met: at least %d of the model's %d bytes stay; prune more layers or allow more"
                                .formatted(tensors.bytes(least), tensors.bytes()));
            }
            if (tensors.bytes() <= bytes) {
                throw Share.invalid(
                        SETTING, "is met already: the model has %d; allow fewer".formatted(tensors.bytes()));
            }
        }

        @Override
        public <L> L spend(DoubleFunction<L> left, TensorsLeft<L> tensors) {
            return Share.leastRemoved(left, some -> tensors.bytes(some) <= bytes);
        }
    }

    /** The setting that gives this budget. */
    Setting setting();

    /**
     * Checks whether the budget can be met.
     *
     * @param least what is left when everything is removed that may be removed
     * @param tensors says what is left in parameters and bytes
     * @param <L> what describes how much is left: layer shapes, or a number of layers
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the field when the budget cannot be met
     */
    <L> void check(L least, TensorsLeft<L> tensors);

    /**
     * Removes no more than meets the budget, which {@link #check} has found possible.
     *
     * @param left what is left when a share in [0, 1] is removed; a larger share never leaves more
     * @param tensors says what is left in parameters and bytes
     * @param <L> what describes how much is left: layer shapes, or a number of layers
     * @return what is left
     */
    <L> L spend(DoubleFunction<L> left, TensorsLeft<L> tensors);
}
