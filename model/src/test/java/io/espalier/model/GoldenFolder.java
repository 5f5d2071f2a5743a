package io.espalier.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.model.importance.GradientSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A folder of golden numbers. {@code -Dgolden.dir=DIR} points to another collection of such folders than the one among
 * the test resources.
 */
record GoldenFolder(Path folder) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static List<GoldenFolder> all() throws IOException {
        Path root = Path.of(System.getProperty("golden.dir", "src/test/resources/golden"));
        try (var folders = Files.list(root)) {
            return folders.filter(folder -> Files.exists(folder.resolve("expected.safetensors")))
                    .sorted()
                    .map(GoldenFolder::new)
                    .toList();
        }
    }

    static int[] ints(JsonNode array) {
        return java.util.stream.IntStream.range(0, array.size())
                .map(i -> array.path(i).intValue())
                .toArray();
    }

    static List<Long> longs(JsonNode array) {
        return java.util.stream.IntStream.range(0, array.size())
                .mapToObj(i -> array.path(i).longValue())
                .toList();
    }

    /** The exact gradients of the mean loss. */
    GradientSource gradients() {
        return (linear, scope) -> {
            try {
                float[] values = expected("grad." + linear.weight().name());
                return scope.floats(values, linear.outputs(), linear.inputs());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    /** A safetensors file that is no checkpoint, read as a whole. */
    private record Arrays(JsonNode header, ByteBuffer data) {
        static Arrays read(Path file) throws IOException {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            int length = Math.toIntExact(bytes.getLong());
            JsonNode header = JSON.readTree(new String(bytes.array(), 8, length, StandardCharsets.UTF_8));
            return new Arrays(
                    header, bytes.slice(8 + length, bytes.limit() - 8 - length).order(ByteOrder.LITTLE_ENDIAN));
        }

        boolean has(String name) {
            return header.has(name);
        }

        ByteBuffer bytes(String name) {
            JsonNode offsets = header.path(name).path("data_offsets");
            int start = offsets.path(0).intValue();
            return data.slice(start, offsets.path(1).intValue() - start).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    boolean has(String file) {
        return Files.exists(folder.resolve(file));
    }

    boolean has(String file, String name) throws IOException {
        return Arrays.read(folder.resolve(file)).has(name);
    }

    JsonNode json(String file) throws IOException {
        return JSON.readTree(folder.resolve(file).toFile());
    }

    int[][] windows() throws IOException {
        Arrays arrays = Arrays.read(folder.resolve("expected.safetensors"));
        JsonNode shape = arrays.header().path("input_ids").path("shape");
        var ids = arrays.bytes("input_ids").asLongBuffer();
        int[][] windows = new int[shape.path(0).intValue()][shape.path(1).intValue()];
        for (int[] window : windows) {
            for (int t = 0; t < window.length; t++) {
                window[t] = Math.toIntExact(ids.get());
            }
        }
        return windows;
    }

    /** Of expected.safetensors. */
    float[] expected(String name) throws IOException {
        return floats("expected.safetensors", name);
    }

    float[] floats(String file, String name) throws IOException {
        Arrays arrays = Arrays.read(folder.resolve(file));
        if (!arrays.has(name)) {
            throw new IllegalArgumentException(file + " has no " + name);
        }
        var buffer = arrays.bytes(name).asFloatBuffer();
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return values;
    }

    @Override
    public String toString() {
        return folder.getFileName().toString();
    }
}
