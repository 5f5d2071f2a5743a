package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.file.StrictJson;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** The header of a safetensors file that is written. The same tensors in the same order give the same bytes. */
public final class SafetensorsBytes {
    /** Key of the notes in a header. */
    public static final String METADATA = "__metadata__";

    private static final int ALIGNMENT = 8;

    private SafetensorsBytes() {}

    /**
     * The header: its length, then JSON padded with spaces so that the data is aligned to 8 bytes.
     *
     * @param tensors in the order of their data, which follows without gaps
     * @param notes the file's metadata
     */
    public static byte[] header(List<TensorInfo> tensors, Map<String, String> notes) {
        ObjectNode json = StrictJson.MAPPER.createObjectNode();
        ObjectNode metadata = json.putObject(METADATA);
        notes.forEach(metadata::put);
        long offset = 0;
        for (TensorInfo tensor : tensors) {
            ObjectNode entry =
                    json.putObject(tensor.name()).put("dtype", tensor.dtype().name());
            tensor.shape().forEach(entry.putArray("shape")::add);
            entry.putArray("data_offsets").add(offset).add(offset + tensor.bytes());
            offset += tensor.bytes();
        }
        byte[] text = json.toString().getBytes(StandardCharsets.UTF_8);
        int padded = (text.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        ByteBuffer header = ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(padded).put(text);
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        return header.array();
    }
}
