package io.espalier.model.pruning;

import io.espalier.base.EspalierException;
import io.espalier.model.Setting;
import java.util.function.DoubleFunction;

/** How much must go. */
public sealed interface Budget {
    /** A share of the units in the pruned layers, or of the layers, in (0, 1). Any can be asked for: what must stay, stays. */
    record UnitRatio(double ratio) implements Budget {
        /** @throws EspalierException {@code INVALID_ARGUMENT} naming the unit ratio */
        public UnitRatio {
            Share.require(Setting.UNIT_RATIO, ratio);
        }

        @Override
        public <L> void check(L least, TensorsLeft<L> tensors) {}

        @Override
        public <L> L spend(DoubleFunction<L> left, TensorsLeft<L> tensors) {
            return left.apply(ratio);
        }
    }

    /** At least this share of all the model's parameters goes, in (0, 1). */
    record ParameterRatio(double ratio) implements Budget {
        private static final Setting SETTING = Setting.PARAMETER_RATIO;

        /** @throws EspalierException {@code INVALID_ARGUMENT} naming the parameter ratio */
        public ParameterRatio {
            Share.require(SETTING, ratio);
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
            return Share.gentlest(left, some -> tensors.parameters(some) <= most);
        }

        private long mostLeft(TensorsLeft<?> tensors) {
            return (long) Math.floor((1 - ratio) * tensors.parameters());
        }
    }

    /** The tensors that are left have at most so many bytes. */
    record Bytes(long bytes) implements Budget {
        private static final Setting SETTING = Setting.BYTES;

        /** @throws EspalierException {@code INVALID_ARGUMENT} naming the bytes */
        public Bytes {
            if (bytes < 1) {
                throw Share.invalid(SETTING, "must be positive, was " + bytes);
            }
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
            return Share.gentlest(left, some -> tensors.bytes(some) <= bytes);
        }
    }

    /**
     * @param least what is left when all goes that may go
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the field when the budget cannot be met
     */
    <L> void check(L least, TensorsLeft<L> tensors);

    /**
     * The most that meets the budget, which {@link #check} has found possible.
     *
     * @param left what is left when a share in [0, 1] goes; never more for a larger share
     */
    <L> L spend(DoubleFunction<L> left, TensorsLeft<L> tensors);
}
