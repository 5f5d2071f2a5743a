package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A safetensors file small enough to hold in memory: named F64 arrays, with notes. What workers hand each other; the
 * same arrays in the same order give the same bytes.
 *
 * @param notes the file's metadata
 */
public record ArrayFile(Map<String, double[]> arrays, Map<String, String> notes) {
    private static final String METADATA = "__metadata__";
    private static final int ALIGNMENT = 8;

    public ArrayFile {
        arrays = Collections.unmodifiableMap(new LinkedHashMap<>(arrays));
        notes = Collections.unmodifiableMap(new LinkedHashMap<>(notes));
    }

    public byte[] toBytes() {
        ObjectNode header = StrictJson.MAPPER.createObjectNode();
        ObjectNode metadata = header.putObject(METADATA);
        notes.forEach(metadata::put);
        int end = 0;
        for (var entry : arrays.entrySet()) {
            int start = end;
            end = Math.addExact(start, Math.multiplyExact(entry.getValue().length, Double.BYTES));
            ObjectNode tensor = header.putObject(entry.getKey()).put("dtype", DType.F64.name());
            tensor.putArray("shape").add(entry.getValue().length);
            tensor.putArray("data_offsets").add(start).add(end);
        }
        byte[] json = header.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
        int padded = (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        ByteBuffer file =
                ByteBuffer.allocate(Math.addExact(Long.BYTES + padded, end)).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(padded).put(json);
        while (file.position() < Long.BYTES + padded) {
            file.put((byte) ' ');
        }
        arrays.values().forEach(array -> {
            for (double value : array) {
                file.putDouble(value);
            }
        });
        return file.array();
    }

    /** @throws EspalierException {@code INTERNAL} when the bytes are no such file */
    public static ArrayFile fromBytes(byte[] bytes) {
        try {
            ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            int length = Math.toIntExact(buffer.getLong());
            JsonNode header = StrictJson.MAPPER.readTree(bytes, Long.BYTES, length);
            Map<String, double[]> arrays = new LinkedHashMap<>();
            Map<String, String> notes = new LinkedHashMap<>();
            header.path(METADATA)
                    .properties()
                    .forEach(note -> notes.put(note.getKey(), note.getValue().asText()));
            for (var entry : header.properties()) {
                if (!entry.getKey().equals(METADATA)) {
                    int start = entry.getValue().path("data_offsets").path(0).intValue();
                    double[] array =
                            new double[entry.getValue().path("shape").path(0).intValue()];
                    buffer.position(Long.BYTES + length + start)
                            .slice()
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .asDoubleBuffer()
                            .get(array);
                    arrays.put(entry.getKey(), array);
                }
            }
            return new ArrayFile(arrays, notes);
        } catch (IOException | RuntimeException e) {
            throw new EspalierException(ErrorCode.INTERNAL, "a work file is damaged; run the job again", e);
        }
    }
}
