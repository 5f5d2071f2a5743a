package io.espalier.model;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/** Tiny checkpoints of the golden folders, as they are and changed. */
public final class GoldenCheckpoint {
    public static final Path LLAMA = Path.of("src/test/resources/golden/llama");
    public static final Path LLAMA_GQA = Path.of("src/test/resources/golden/llama-gqa");

    private static final int VOCABULARY = 160;

    private GoldenCheckpoint() {}

    public static int[][] windows(int count, int length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[][] windows = new int[count][];
        for (int i = 0; i < count; i++) {
            windows[i] = random.ints(length, 4, VOCABULARY).toArray();
        }
        return windows;
    }

    /** The same weights stored as another type. */
    public static void convert(Path source, DType type, Path target) {
        try (Checkpoint from = Checkpoint.open(source);
                Scope scope = Scope.open()) {
            List<TensorInfo> tensors = from.tensors().values().stream()
                    .map(tensor -> new TensorInfo(tensor.name(), type, tensor.shape()))
                    .toList();
            write(from, tensors, name -> StoredWeights.read(from, name, scope).stored(type), target);
        }
    }

    /** The same checkpoint with the bytes of one tensor changed. */
    public static void change(Path source, String changed, UnaryOperator<ByteBuffer> change, Path target) {
        try (Checkpoint from = Checkpoint.open(source)) {
            write(
                    from,
                    List.copyOf(from.tensors().values()),
                    name -> {
                        ByteBuffer bytes = ByteBuffer.allocate(
                                        (int) from.tensor(name).bytes())
                                .order(java.nio.ByteOrder.LITTLE_ENDIAN);
                        from.read(name, bytes);
                        return name.equals(changed) ? change.apply(bytes.flip()) : bytes.flip();
                    },
                    target);
        }
    }

    private interface Bytes {
        ByteBuffer of(String name);
    }

    private static void write(Checkpoint from, List<TensorInfo> tensors, Bytes bytes, Path target) {
        try (CheckpointWriter writer = CheckpointWriter.create(target, tensors)) {
            tensors.forEach(tensor -> writer.write(tensor.name(), bytes.of(tensor.name())));
            writer.writeJson("config.json", from.config().json());
            writer.finish();
        }
    }
}
