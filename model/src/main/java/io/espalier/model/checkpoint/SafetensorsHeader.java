package io.espalier.model.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import io.espalier.model.file.StrictJson;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the header of a safetensors file: eight bytes of little-endian length, then a JSON object. The data follows it.
 *
 * <p>The header is not trusted. It is parsed as a stream under limits. The tensors must cover the data exactly, without
 * overlaps and without gaps, so that every byte of the file belongs to one tensor.
 */
final class SafetensorsHeader {
    static final long MAX_HEADER_BYTES = 100_000_000;
    static final int MAX_TENSORS = 100_000;
    private static final int MAX_RANK = 16;
    private static final int LENGTH_BYTES = 8;
    /** Storage types that the format has and Espalier does not compute with. */
    private static final Set<String> UNSUPPORTED =
            Set.of("F4", "F6_E2M3", "F6_E3M2", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "C64");

    /** @param offset position of the tensor's first byte in the file */
    record Entry(TensorInfo tensor, long offset) {}

    private final FileChannel channel;
    private final String file;

    private SafetensorsHeader(FileChannel channel, String file) {
        this.channel = channel;
        this.file = file;
    }

    /**
     * @param file the file's name, for messages
     * @return the tensors in the order of their data
     * @throws EspalierException {@code MODEL_CORRUPT} or {@code MODEL_UNSUPPORTED}, naming file and tensor
     */
    static List<Entry> read(FileChannel channel, String file) throws IOException {
        return new SafetensorsHeader(channel, file).read();
    }

    private List<Entry> read() throws IOException {
        long size = channel.size();
        ByteBuffer prefix = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (size < LENGTH_BYTES || new FileRegion(channel, 0, LENGTH_BYTES).read(prefix.array()) < LENGTH_BYTES) {
            throw corrupt(null, "shorter than its eight bytes of header length");
        }
        long length = prefix.getLong(0);
        if (length < 2 || length > Math.min(MAX_HEADER_BYTES, size - LENGTH_BYTES)) {
            throw corrupt(
                    null,
                    "header length " + Long.toUnsignedString(length) + " in a file of " + size
                            + " bytes; the file is cut or no safetensors file");
        }
        long dataStart = LENGTH_BYTES + length;
        List<Entry> entries;
        try (JsonParser json = StrictJson.parser(new FileRegion(channel, LENGTH_BYTES, length))) {
            entries = tensors(json, dataStart, size - dataStart);
        } catch (JsonProcessingException | CharacterCodingException e) {
            throw StrictJson.malformed(file, e);
        }
        return tiled(entries, dataStart, size);
    }

    private List<Entry> tensors(JsonParser json, long dataStart, long dataBytes) throws IOException {
        if (json.nextToken() != JsonToken.START_OBJECT) {
            throw corrupt(null, "header is no JSON object");
        }
        List<Entry> entries = new ArrayList<>();
        Set<String> names = new HashSet<>();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            if (!names.add(name)) {
                throw corrupt(name, "appears twice in the header");
            }
            json.nextToken();
            if (name.equals("__metadata__")) {
                metadata(json);
            } else if (entries.size() == MAX_TENSORS) {
                throw corrupt(null, "more than " + MAX_TENSORS + " tensors");
            } else {
                entries.add(tensor(json, name, dataStart, dataBytes));
            }
        }
        if (json.nextToken() != null) {
            throw corrupt(null, "bytes after the header's JSON object");
        }
        return entries;
    }

    private void metadata(JsonParser json) throws IOException {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            throw corrupt(null, "__metadata__ is no JSON object");
        }
        while (json.nextToken() != JsonToken.END_OBJECT) {
            if (json.nextToken() != JsonToken.VALUE_STRING) {
                throw corrupt(null, "__metadata__ holds something other than strings");
            }
        }
    }

    private Entry tensor(JsonParser json, String name, long dataStart, long dataBytes) throws IOException {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            throw corrupt(name, "is no JSON object");
        }
        @Nullable DType dtype = null;
        @Nullable List<Long> shape = null;
        @Nullable List<Long> offsets = null;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String key = json.currentName();
            json.nextToken();
            if (key.equals("dtype") && dtype == null) {
                dtype = dtype(json, name);
            } else if (key.equals("shape") && shape == null) {
                shape = sizes(json, name, key);
            } else if (key.equals("data_offsets") && offsets == null) {
                offsets = sizes(json, name, key);
            } else {
                throw corrupt(name, "has an unknown or repeated key " + Quoted.of(key));
            }
        }
        if (dtype == null || shape == null || offsets == null || offsets.size() != 2) {
            throw corrupt(name, "needs dtype, shape and two data_offsets");
        }
        TensorInfo tensor = tensor(name, dtype, shape);
        long begin = offsets.get(0);
        long end = offsets.get(1);
        if (begin > end || end > dataBytes) {
            throw corrupt(name, "data_offsets " + offsets + " outside the file's " + dataBytes + " bytes of data");
        }
        if (end - begin != tensor.bytes()) {
            throw corrupt(
                    name,
                    "data_offsets " + offsets + " hold " + (end - begin) + " bytes, " + dtype + shape + " needs "
                            + tensor.bytes());
        }
        return new Entry(tensor, dataStart + begin);
    }

    private TensorInfo tensor(String name, DType dtype, List<Long> shape) {
        try {
            return new TensorInfo(name, dtype, shape);
        } catch (EspalierException e) {
            throw new EspalierException(e.code(), file + ": " + e.getMessage(), e);
        }
    }

    private DType dtype(JsonParser json, String tensor) throws IOException {
        if (json.currentToken() != JsonToken.VALUE_STRING) {
            throw corrupt(tensor, "dtype is no string");
        }
        String name = json.getText();
        for (DType dtype : DType.values()) {
            if (dtype.name().equals(name)) {
                return dtype;
            }
        }
        if (UNSUPPORTED.contains(name)) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "%s: tensor %s is stored as %s; convert the checkpoint to F32, F16 or BF16"
                            .formatted(file, Quoted.of(tensor), name));
        }
        throw corrupt(tensor, "unknown dtype " + Quoted.of(name));
    }

    private List<Long> sizes(JsonParser json, String tensor, String key) throws IOException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw corrupt(tensor, key + " is no array");
        }
        List<Long> sizes = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (json.currentToken() != JsonToken.VALUE_NUMBER_INT || json.getLongValue() < 0) {
                throw corrupt(tensor, key + " holds something other than sizes");
            }
            if (sizes.size() == MAX_RANK) {
                throw corrupt(tensor, key + " has more than " + MAX_RANK + " entries");
            }
            sizes.add(json.getLongValue());
        }
        return sizes;
    }

    private List<Entry> tiled(List<Entry> entries, long dataStart, long fileBytes) {
        List<Entry> ordered = entries.stream()
                .sorted(Comparator.comparingLong(Entry::offset)
                        .thenComparingLong(entry -> entry.tensor().bytes()))
                .toList();
        long next = dataStart;
        for (Entry entry : ordered) {
            if (entry.offset() != next) {
                throw corrupt(
                        entry.tensor().name(),
                        entry.offset() < next
                                ? "overlaps the tensor before it"
                                : "follows a hole of " + (entry.offset() - next) + " bytes");
            }
            next += entry.tensor().bytes();
        }
        if (next != fileBytes) {
            throw corrupt(null, (fileBytes - next) + " bytes after the last tensor belong to none");
        }
        return ordered;
    }

    private EspalierException corrupt(@Nullable String tensor, String what) {
        String where = tensor == null ? file : file + ": tensor " + Quoted.of(tensor);
        return new EspalierException(ErrorCode.MODEL_CORRUPT, where + ": " + what);
    }
}
