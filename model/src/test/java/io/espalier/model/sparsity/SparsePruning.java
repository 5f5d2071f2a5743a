package io.espalier.model.sparsity;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.transformer.LayerScope;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** Prunes single weights of a checkpoint into a folder, as a service would. */
public final class SparsePruning {
    private SparsePruning() {}

    public static List<MaskReport> write(
            Checkpoint dense, LayerScope scope, SparsePass.MaskSource source, Path folder) {
        return write(dense, folder, out -> new SparsePass(dense, scope).run(source, out, Progress.SILENT));
    }

    /** By any pass that writes all tensors of the dense checkpoint. */
    public static <R> R write(Checkpoint dense, Path folder, Function<CheckpointWriter, R> pass) {
        try (CheckpointWriter out =
                CheckpointWriter.create(folder, List.copyOf(dense.tensors().values()))) {
            R result = pass.apply(out);
            out.writeJson(Checkpoint.CONFIG, dense.config().json());
            out.finish();
            return result;
        }
    }
}
