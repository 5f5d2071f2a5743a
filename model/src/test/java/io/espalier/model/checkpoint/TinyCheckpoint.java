package io.espalier.model.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes checkpoint files byte by byte, so that a test can make them invalid in any way. */
public final class TinyCheckpoint {
    public static final String CONFIG = """
            {"model_type": "llama", "hidden_size": 8, "vocab_size": 16, "num_hidden_layers": 2,
             "num_attention_heads": 2, "intermediate_size": 12, "max_position_embeddings": 32}""";

    private TinyCheckpoint() {}

    /** A folder with a config and one weight file. */
    public static Path write(Path folder, String header, byte[] data) throws IOException {
        Files.writeString(folder.resolve("config.json"), CONFIG);
        Files.write(folder.resolve("model.safetensors"), safetensors(header, data));
        return folder;
    }

    public static byte[] safetensors(String header, byte[] data) {
        return safetensors(header.getBytes(StandardCharsets.UTF_8), data);
    }

    public static byte[] safetensors(byte[] header, byte[] data) {
        return ByteBuffer.allocate(Long.BYTES + header.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .put(data)
                .array();
    }

    /** The bytes 0, 1, 2, … */
    public static byte[] counting(int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) i;
        }
        return bytes;
    }

    public static byte[] bytes(Checkpoint checkpoint, String tensor) {
        ByteBuffer target = ByteBuffer.allocate((int) checkpoint.tensor(tensor).bytes());
        checkpoint.read(tensor, target);
        return target.array();
    }
}
