package io.espalier.model.tensor;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The floating-point type in which matrix products are computed. Norms, softmax, the residual stream and losses are
 * always fp32.
 */
public enum ComputeType {
    FP32("fp32", DType.F32),
    /** bf16 weights and inputs. A product is summed in fp32 and rounded to bf16 once. */
    BF16("bf16", DType.BF16),
    /** fp16 weights and inputs: more mantissa bits than bf16, but no value beyond 65,504. */
    FP16("fp16", DType.F16);

    /** The setting that lets machine and checkpoint choose the type, see {@link #of}. */
    public static final String AUTO = "auto";

    private final String spelled;
    private final DType stored;

    ComputeType(String spelled, DType stored) {
        this.spelled = spelled;
        this.stored = stored;
    }

    /** The name of the type in the configuration and in plans. */
    public String spelled() {
        return spelled;
    }

    /** Bytes of one number. */
    public int bytes() {
        return stored.bytes();
    }

    /** The storage type of weights that need no conversion. */
    DType stored() {
        return stored;
    }

    /**
     * The type that a configuration asks for. {@code auto} chooses bf16 or fp16 when every matrix of the checkpoint is
     * stored in that type and the processor multiplies it faster than fp32. Otherwise it chooses fp32, because converting
     * the weights would round them.
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
     * The error for numbers that are not finite.
     *
     * @param where what holds the numbers, for the message
     * @return {@code INVALID_ARGUMENT} naming the compute type when fp32 may avoid the overflow, else
     *     {@code MODEL_CORRUPT}
     */
    EspalierException notFinite(String where) {
        return this == FP32
                ? new EspalierException(
                        ErrorCode.MODEL_CORRUPT, where + ": NaN or infinite; the checkpoint must be made again")
                : new InvalidSetting(
                        Setting.COMPUTE_TYPE, "%s is not finite in %s; set it to fp32".formatted(where, spelled));
    }

    /** @param flags features of the processor, as the Linux kernel spells them */
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
