package io.espalier.model.pruning;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.transformer.ModelSize;
import java.util.Collection;
import java.util.List;

/**
 * The tensors of a checkpoint when something is gone, and so their size.
 *
 * @param <L> what says how much is left
 */
public interface TensorsLeft<L> {
    /** Of which nothing is gone. */
    Checkpoint source();

    /** Every tensor that will be written. */
    List<TensorInfo> of(L left);

    /** Numbers that were learned, in the whole model. */
    default long parameters(L left) {
        return parameters(of(left));
    }

    /** Of the checkpoint as it is. */
    default long parameters() {
        return parameters(source().tensors().values());
    }

    private long parameters(Collection<TensorInfo> tensors) {
        return ModelSize.of(source().config(), tensors, 1).parameters();
    }

    /** Bytes of all tensors. */
    default long bytes(L left) {
        return bytes(of(left));
    }

    /** Of the checkpoint as it is. */
    default long bytes() {
        return bytes(source().tensors().values());
    }

    private static long bytes(Collection<TensorInfo> tensors) {
        return tensors.stream().mapToLong(TensorInfo::bytes).sum();
    }
}
