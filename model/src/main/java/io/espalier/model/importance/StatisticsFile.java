package io.espalier.model.importance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.TreeMap;

/** The safetensors form of input statistics; the same statistics give the same bytes. */
final class StatisticsFile {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String METADATA = "__metadata__";
    private static final int ALIGNMENT = 8;

    private StatisticsFile() {}

    static byte[] write(Map<String, FeatureMoments> byModule) {
        ObjectNode header = JSON.createObjectNode();
        ObjectNode tokens = header.putObject(METADATA);
        int end = 0;
        for (var entry : byModule.entrySet()) {
            int features = entry.getValue().squares().length;
            tokens.put(entry.getKey(), String.valueOf(entry.getValue().tokens()));
            ObjectNode tensor = header.putObject(entry.getKey()).put("dtype", "F64");
            tensor.putArray("shape").add(2).add(features);
            int start = end;
            end = Math.addExact(start, 2 * features * Double.BYTES);
            tensor.putArray("data_offsets").add(start).add(end);
        }
        byte[] json = bytes(header);
        int padded = (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        ByteBuffer file = ByteBuffer.allocate(Long.BYTES + padded + end).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(padded).put(json);
        while (file.position() < Long.BYTES + padded) {
            file.put((byte) ' ');
        }
        for (FeatureMoments moments : byModule.values()) {
            put(file, moments.sums());
            put(file, moments.squares());
        }
        return file.array();
    }

    static Map<String, FeatureMoments> read(byte[] file) {
        try {
            ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
            int length = Math.toIntExact(buffer.getLong());
            JsonNode header = JSON.readTree(file, Long.BYTES, length);
            Map<String, FeatureMoments> byModule = new TreeMap<>();
            for (var entry : header.properties()) {
                if (!entry.getKey().equals(METADATA)) {
                    long tokens = header.path(METADATA).path(entry.getKey()).asLong();
                    int features = entry.getValue().path("shape").path(1).intValue();
                    int start = entry.getValue().path("data_offsets").path(0).intValue();
                    buffer.position(Long.BYTES + length + start);
                    byModule.put(
                            entry.getKey(), new FeatureMoments(tokens, take(buffer, features), take(buffer, features)));
                }
            }
            return byModule;
        } catch (IOException | RuntimeException e) {
            throw new EspalierException(ErrorCode.INTERNAL, "statistics: the file is damaged; collect them again", e);
        }
    }

    private static byte[] bytes(ObjectNode header) {
        try {
            return JSON.writeValueAsBytes(header);
        } catch (IOException e) {
            throw new IllegalStateException("a tree of strings and numbers is always writable", e);
        }
    }

    private static void put(ByteBuffer file, double[] values) {
        for (double value : values) {
            file.putDouble(value);
        }
    }

    private static double[] take(ByteBuffer file, int count) {
        double[] values = new double[count];
        file.asDoubleBuffer().get(values);
        file.position(file.position() + count * Double.BYTES);
        return values;
    }
}
