package io.espalier.evaluator.domain;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.export.GgufType;
import java.util.EnumMap;
import java.util.Map;

/** The type of a GGUF file that stores weights as their checkpoint does. */
public final class StoredType {
    private StoredType() {}

    /** That of most weights: norms are often stored in another. */
    public static GgufType of(Checkpoint checkpoint) {
        Map<DType, Long> elements = new EnumMap<>(DType.class);
        for (TensorInfo tensor : checkpoint.tensors().values()) {
            elements.merge(tensor.dtype(), tensor.elements(), Long::sum);
        }
        DType most = elements.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(DType.F32);
        return switch (most) {
            case F16 -> GgufType.F16;
            case BF16 -> GgufType.BF16;
            default -> GgufType.F32;
        };
    }
}
