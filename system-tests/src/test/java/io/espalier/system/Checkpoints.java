package io.espalier.system;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Copies of the shipped checkpoint with one thing wrong. */
final class Checkpoints {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String WEIGHTS = "model.safetensors";

    private Checkpoints() {}

    static Path copy(Path folder) throws IOException {
        return copy("llama", folder);
    }

    static Path copy(String model, Path folder) throws IOException {
        Files.createDirectories(folder);
        try (var files = Files.list(Folders.DEMO.resolve(model))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName().toString()));
            }
        }
        return folder;
    }

    /** Weights that end in the middle of a tensor. */
    static void truncated(Path folder) throws IOException {
        Path weights = copy(folder).resolve(WEIGHTS);
        byte[] bytes = Files.readAllBytes(weights);
        Files.write(weights, Arrays.copyOf(bytes, bytes.length / 2));
    }

    /** Two tensors that claim the same bytes. */
    static void overlapping(Path folder, String tensor, String claimed) throws IOException {
        Path weights = copy(folder).resolve(WEIGHTS);
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(weights)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[(int) file.getLong()];
        file.get(header);
        ObjectNode tensors = (ObjectNode) JSON.readTree(new String(header, StandardCharsets.UTF_8));
        ((ObjectNode) tensors.get(tensor))
                .set("data_offsets", tensors.get(claimed).get("data_offsets"));
        byte[] changed = JSON.writeValueAsString(tensors).getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(changed.length)
                .array());
        out.write(changed);
        out.write(file.array(), file.position(), file.remaining());
        Files.write(weights, out.toByteArray());
    }

    /** A checkpoint of another architecture. */
    static void ofType(Path folder, String modelType) throws IOException {
        Path config = copy(folder).resolve("config.json");
        ObjectNode json = (ObjectNode) JSON.readTree(Files.readString(config));
        Files.writeString(config, json.put("model_type", modelType).toString());
    }
}
