package io.espalier.model.recovery;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.Parameter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Models that differ from a golden checkpoint by the weights of their decoder layers: every w is w (1 + 0.3 sin(place)). */
final class Students {
    private Students() {}

    /** A dense model and one that has something to learn from it. */
    record Pair(Checkpoint dense, Checkpoint student) implements AutoCloseable {
        int layers() {
            return dense.config().layers().size();
        }

        @Override
        public void close() {
            student.close();
            dense.close();
        }
    }

    static Pair of(Path source, Path target) throws IOException {
        Checkpoint dense = Checkpoint.open(source);
        Set<String> changed = ModelLayout.of(dense).layers().stream()
                .map(LayerLayout::parameters)
                .flatMap(List::stream)
                .map(Parameter::name)
                .collect(Collectors.toSet());
        try (CheckpointWriter writer =
                CheckpointWriter.create(target, List.copyOf(dense.tensors().values()))) {
            for (String name : dense.tensors().keySet()) {
                if (changed.contains(name)) {
                    writer.write(name, changed(dense, name));
                } else {
                    StoredWeights.copy(dense, name, writer, name);
                }
            }
            writer.finish();
        }
        Files.copy(source.resolve("config.json"), target.resolve("config.json"));
        return new Pair(dense, Checkpoint.open(target));
    }

    private static ByteBuffer changed(Checkpoint dense, String name) {
        try (Scope scope = Scope.open();
                Tensor weights = StoredWeights.read(dense, name, scope)) {
            float[] values = weights.floats();
            ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < values.length; i++) {
                bytes.putFloat((float) (values[i] * (1 + 0.3 * Math.sin(i))));
            }
            return bytes.flip();
        }
    }
}
