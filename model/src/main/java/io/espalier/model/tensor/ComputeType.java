package io.espalier.model.tensor;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import java.util.Set;
import java.util.stream.Stream;

/** In what matrix products are computed. Norms, softmax, the residual stream and losses are fp32 in any case. */
public enum ComputeType {
    FP32("fp32", DType.F32),
    /** Weights are multiplied as they are stored; products add up in fp32 and are rounded once. */
    BF16("bf16", DType.BF16),
    /** The same with more digits, but nothing beyond 65,504. */
    FP16("fp16", DType.F16);

    /** Chooses by machine and checkpoint. */
    public static final String AUTO = "auto";

    private final String spelled;
    private final DType stored;

    ComputeType(String spelled, DType stored) {
        this.spelled = spelled;
        this.stored = stored;
    }

    /** As in the configuration and in plans. */
    public String spelled() {
        return spelled;
    }

    /** Of one number. */
    public int bytes() {
        return stored.bytes();
    }

    /** Type of weights that need no conversion. */
    DType stored() {
        return stored;
    }

    /**
     * The type a configuration asks for. {@code auto} is the one that every matrix is stored in where the processor
     * multiplies it fast; weights stored otherwise would lose digits.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the compute type
     */
    public static ComputeType of(String setting, Checkpoint checkpoint) {
        if (setting.equals(AUTO)) {
            return automatic(InstructionSet.flags(), checkpoint);
        }
        return named(setting);
    }

    /** @throws EspalierException {@code INVALID_ARGUMENT} naming the compute type */
    static ComputeType named(String setting) {
        for (ComputeType type : values()) {
            if (type.spelled.equals(setting)) {
                return type;
            }
        }
        throw new InvalidSetting(
                Setting.COMPUTE_TYPE, "'%s' is unknown; known are auto, fp32, bf16, fp16".formatted(setting));
    }

    /**
     * What to say of numbers that are not finite.
     *
     * @param where they were met
     * @return {@code INVALID_ARGUMENT} naming the compute type where another holds more, else
     *     {@code MODEL_CORRUPT}
     */
    EspalierException notFinite(String where) {
        return this == FP32
                ? new EspalierException(
                        ErrorCode.MODEL_CORRUPT, where + ": NaN or infinite; the checkpoint must be made again")
                : new InvalidSetting(
                        Setting.COMPUTE_TYPE, "%s is not finite in %s; set it to fp32".formatted(where, spelled));
    }

    /** @param flags of the processor, as the kernel spells them */
    static ComputeType automatic(Set<String> flags, Checkpoint checkpoint) {
        return Stream.of(BF16, FP16)
                .filter(type -> InstructionSet.multipliesFast(type, flags))
                .filter(type -> checkpoint.tensors().values().stream()
                        .filter(tensor -> tensor.shape().size() == 2)
                        .allMatch(tensor -> tensor.dtype() == type.stored))
                .findFirst()
                .orElse(FP32);
    }
}
