package io.espalier.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/** Tiny checkpoints of the golden folders, as they are and changed. */
public final class GoldenCheckpoint {
    public static final Path LLAMA = Path.of("src/test/resources/golden/llama");
    public static final Path LLAMA_GQA = Path.of("src/test/resources/golden/llama-gqa");

    private static final Path FOLDER = Path.of("src/test/resources/golden");
    private static final int VOCABULARY = 160;

    private GoldenCheckpoint() {}

    public static Path of(String family) {
        return FOLDER.resolve(family);
    }

    /** One or two of each family. */
    public static List<Path> all() throws IOException {
        try (var folders = Files.list(FOLDER)) {
            return folders.filter(Files::isDirectory).sorted().toList();
        }
    }

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
        convert(source, type, target, CheckpointWriter.DEFAULT_SHARD_BYTES);
    }

    /** The same in files of at most so many bytes of weights. */
    public static void convert(Path source, DType type, Path target, long shardBytes) {
        try (Checkpoint from = Checkpoint.open(source);
                Scope scope = Scope.open()) {
            List<TensorInfo> tensors = from.tensors().values().stream()
                    .map(tensor -> new TensorInfo(tensor.name(), type, tensor.shape()))
                    .toList();
            write(from, tensors, name -> StoredWeights.read(from, name, scope).stored(type, scope), target, shardBytes);
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
                    target,
                    CheckpointWriter.DEFAULT_SHARD_BYTES);
        }
    }

    /** The same tensors under other names, with another config. */
    public static void rename(
            Path source, UnaryOperator<String> rename, UnaryOperator<ObjectNode> config, Path target) {
        try (Checkpoint from = Checkpoint.open(source)) {
            List<TensorInfo> renamed = from.tensors().values().stream()
                    .map(tensor -> new TensorInfo(rename.apply(tensor.name()), tensor.dtype(), tensor.shape()))
                    .toList();
            try (CheckpointWriter writer = CheckpointWriter.create(target, renamed)) {
                for (TensorInfo tensor : from.tensors().values()) {
                    ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes());
                    from.read(tensor.name(), bytes);
                    writer.write(rename.apply(tensor.name()), bytes.flip());
                }
                writer.writeJson("config.json", config.apply(from.config().json()));
                writer.finish();
            }
        }
    }

    private interface Bytes {
        ByteBuffer of(String name);
    }

    private static void write(Checkpoint from, List<TensorInfo> tensors, Bytes bytes, Path target, long shardBytes) {
        try (CheckpointWriter writer = CheckpointWriter.create(target, tensors, shardBytes)) {
            tensors.forEach(tensor -> writer.write(tensor.name(), bytes.of(tensor.name())));
            writer.writeJson("config.json", from.config().json());
            writer.finish();
        }
    }
}
