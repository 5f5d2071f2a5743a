package io.espalier.model.recovery;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.Parameter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Writes a pruned checkpoint once more, with trained weights in place of its own. Names, shapes and types stay. */
public final class RecoveredCheckpoint {
    private RecoveredCheckpoint() {}

    /**
     * @param layers folder with the trained weights of every layer, see {@link LocalDistillation#file}
     * @param writer of the tensors of {@code pruned}, which this does not finish
     */
    public static void write(Checkpoint pruned, Path layers, CheckpointWriter writer, Progress progress) {
        List<LayerLayout> all = ModelLayout.of(pruned).layers();
        Set<String> trained = new HashSet<>();
        for (LayerLayout layer : all) {
            LayerFile file = new LayerFile(layer, layers.resolve(LocalDistillation.file(layer.index())));
            for (Parameter parameter : layer.parameters()) {
                trained.add(parameter.name());
                try (Scope scope = Scope.open()) {
                    writer.write(
                            parameter.name(),
                            file.read(parameter, scope)
                                    .stored(pruned.tensor(parameter.name()).dtype(), scope));
                }
            }
            progress.advanced("layers", layer.index() + 1L, all.size(), 0);
        }
        pruned.tensors().keySet().stream()
                .filter(name -> !trained.contains(name))
                .forEach(name -> StoredWeights.copy(pruned, name, writer, name));
    }
}
