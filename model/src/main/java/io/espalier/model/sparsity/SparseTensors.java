package io.espalier.model.sparsity;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;
import java.util.LinkedHashSet;
import java.util.Set;

/** Writes the tensors of a pruned checkpoint: pruned ones from memory, all others as copies of the dense checkpoint's bytes. */
final class SparseTensors {
    private final Checkpoint checkpoint;
    private final CheckpointWriter out;
    private final Set<String> unwritten;

    SparseTensors(Checkpoint checkpoint, CheckpointWriter out) {
        this.checkpoint = checkpoint;
        this.out = out;
        this.unwritten = new LinkedHashSet<>(checkpoint.tensors().keySet());
    }

    /** Writes a pruned weight in the type in which the checkpoint stores it. */
    void write(Linear linear, Tensor weight) {
        String name = linear.weight().name();
        try (Scope scope = Scope.open()) {
            out.write(name, weight.stored(checkpoint.tensor(name).dtype(), scope));
        }
        unwritten.remove(name);
    }

    /** Copies every tensor that {@link #write} has not written. */
    void copyOthers() {
        unwritten.forEach(name -> StoredWeights.copy(checkpoint, name, out, name));
    }
}
