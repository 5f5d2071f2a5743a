package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.StrictJson;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A safetensors file that is small enough to hold in memory: named F64 arrays, with notes. Workers pass intermediate
 * results to each other in such files. The same arrays in the same order give the same bytes.
 *
 * @param arrays values by name, in the order of the file
 * @param notes the file's metadata
 */
public record ArrayFile(Map<String, double[]> arrays, Map<String, String> notes) {
    public ArrayFile {
        arrays = Collections.unmodifiableMap(new LinkedHashMap<>(arrays));
        notes = Collections.unmodifiableMap(new LinkedHashMap<>(notes));
    }

    public byte[] toBytes() {
        List<TensorInfo> tensors = new ArrayList<>();
        arrays.forEach((name, array) -> tensors.add(TensorInfo.of(name, DType.F64, array.length)));
        byte[] header = SafetensorsBytes.header(tensors, notes);
        long data = tensors.stream().mapToLong(TensorInfo::bytes).sum();
        ByteBuffer file = ByteBuffer.allocate(Math.toIntExact(header.length + data))
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(header);
        arrays.values().forEach(array -> {
            for (double value : array) {
                file.putDouble(value);
            }
        });
        return file.array();
    }

    /** @throws EspalierException {@code INTERNAL} when the bytes are not such a file */
    public static ArrayFile fromBytes(byte[] bytes) {
        try {
            ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            int length = Math.toIntExact(buffer.getLong());
            JsonNode header = StrictJson.MAPPER.readTree(bytes, Long.BYTES, length);
            Map<String, double[]> arrays = new LinkedHashMap<>();
            Map<String, String> notes = new LinkedHashMap<>();
            header.path(SafetensorsBytes.METADATA)
                    .properties()
                    .forEach(note -> notes.put(note.getKey(), note.getValue().asText()));
            for (var entry : header.properties()) {
                if (!entry.getKey().equals(SafetensorsBytes.METADATA)) {
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
