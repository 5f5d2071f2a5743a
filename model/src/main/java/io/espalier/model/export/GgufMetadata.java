package io.espalier.model.export;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The keys and values at the beginning of a GGUF file, in the order in which they were put. */
final class GgufMetadata {
    private static final int UINT32 = 4;
    private static final int INT32 = 5;
    private static final int FLOAT32 = 6;
    private static final int BOOL = 7;
    private static final int STRING = 8;
    private static final int ARRAY = 9;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Set<String> keys = new HashSet<>();

    int count() {
        return keys.size();
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    GgufMetadata text(String key, String value) {
        key(key, STRING);
        string(value);
        return this;
    }

    GgufMetadata unsigned(String key, long value) {
        key(key, UINT32);
        number(Math.toIntExact(value));
        return this;
    }

    GgufMetadata real(String key, double value) {
        key(key, FLOAT32);
        number(Float.floatToIntBits((float) value));
        return this;
    }

    GgufMetadata bool(String key, boolean value) {
        key(key, BOOL);
        bytes.write(value ? 1 : 0);
        return this;
    }

    GgufMetadata integers(String key, List<Integer> values) {
        array(key, INT32, values.size());
        values.forEach(this::number);
        return this;
    }

    GgufMetadata reals(String key, List<Float> values) {
        array(key, FLOAT32, values.size());
        values.forEach(value -> number(Float.floatToIntBits(value)));
        return this;
    }

    GgufMetadata texts(String key, List<String> values) {
        array(key, STRING, values.size());
        values.forEach(this::string);
        return this;
    }

    private void array(String key, int type, int length) {
        key(key, ARRAY);
        number(type);
        bytes.writeBytes(littleEndian(Long.BYTES).putLong(length).array());
    }

    private void key(String key, int type) {
        if (!keys.add(key)) {
            throw new IllegalArgumentException(key + " is there already");
        }
        string(key);
        number(type);
    }

    private void number(int value) {
        bytes.writeBytes(littleEndian(Integer.BYTES).putInt(value).array());
    }

    private void string(String text) {
        if (text.indexOf('\0') >= 0) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "tokenizer: %s has a NUL character, where llama.cpp ends a text".formatted(Quoted.of(text)));
        }
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        bytes.writeBytes(littleEndian(Long.BYTES).putLong(utf8.length).array());
        bytes.writeBytes(utf8);
    }

    private static ByteBuffer littleEndian(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }
}
