package io.espalier.model.pruning;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.transformer.ModelSize;
import java.util.Collection;
import java.util.List;

/**
 * The tensors that pruning leaves of a checkpoint, and their size.
 *
 * @param <L> describes how much is left: layer shapes, or a number of layers
 */
public interface TensorsLeft<L> {
    /** The dense checkpoint. */
    Checkpoint source();

    /** Every tensor of the pruned checkpoint. */
    List<TensorInfo> of(L left);

    /** Parameters of the pruned model. */
    default long parameters(L left) {
        return parameters(of(left));
    }

    /** Parameters of the dense model. */
    default long parameters() {
        return parameters(source().tensors().values());
    }

    private long parameters(Collection<TensorInfo> tensors) {
        return ModelSize.of(source().config(), tensors, 1).parameters();
    }

    /** Bytes of all tensors of the pruned checkpoint. */
    default long bytes(L left) {
        return bytes(of(left));
    }

    /** Bytes of all tensors of the dense checkpoint. */
    default long bytes() {
        return bytes(source().tensors().values());
    }

    private static long bytes(Collection<TensorInfo> tensors) {
        return tensors.stream().mapToLong(TensorInfo::bytes).sum();
    }
}
