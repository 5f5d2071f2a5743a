package io.espalier.model.sparsity;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;
import java.util.LinkedHashSet;
import java.util.Set;

/** The tensors of a checkpoint of which some are written anew and the others copied from file to file. */
final class SparseTensors {
    private final Checkpoint checkpoint;
    private final CheckpointWriter out;
    private final Set<String> left;

    SparseTensors(Checkpoint checkpoint, CheckpointWriter out) {
        this.checkpoint = checkpoint;
        this.out = out;
        this.left = new LinkedHashSet<>(checkpoint.tensors().keySet());
    }

    /** In the type the checkpoint stores it in. */
    void write(Linear linear, Tensor weight) {
        String name = linear.weight().name();
        try (Scope scope = Scope.open()) {
            out.write(name, weight.stored(checkpoint.tensor(name).dtype(), scope));
        }
        left.remove(name);
    }

    void copyOthers() {
        left.forEach(name -> StoredWeights.copy(checkpoint, name, out, name));
    }
}
