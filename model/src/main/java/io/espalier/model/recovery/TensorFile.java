package io.espalier.model.recovery;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.SafetensorsBytes;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.file.DurableFile;
import io.espalier.model.file.StrictJson;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * A safetensors file of fp32 tensors that recovery writes for itself and reads again.
 *
 * @param tensors in the order of the file
 */
record TensorFile(Path file, List<TensorInfo> tensors) {
    static TensorInfo info(String name, List<Long> shape) {
        return new TensorInfo(name, DType.F32, shape);
    }

    /**
     * @param notes the file's metadata
     * @param values gives the values of a tensor, in a scope
     */
    void write(Map<String, String> notes, BiFunction<String, Scope, Tensor> values) {
        byte[] header = SafetensorsBytes.header(tensors, notes);
        DurableFile.write(file, channel -> {
            DurableFile.writeFully(channel, ByteBuffer.wrap(header), 0);
            long position = header.length;
            for (TensorInfo tensor : tensors) {
                try (Scope scope = Scope.open()) {
                    ByteBuffer bytes = values.apply(tensor.name(), scope).stored(DType.F32, scope);
                    DurableFile.writeFully(channel, bytes, position);
                }
                position += tensor.bytes();
            }
        });
    }

    /** @throws EspalierException {@code INTERNAL} when the file is missing or too short */
    Tensor read(String name, Scope scope) {
        try (InputStream in = Files.newInputStream(file);
                Scope inner = Scope.open()) {
            long position = (long) Long.BYTES + headerLength(in);
            for (TensorInfo tensor : tensors) {
                if (tensor.name().equals(name)) {
                    long[] shape =
                            tensor.shape().stream().mapToLong(Long::longValue).toArray();
                    Tensor one = StoredWeights.readFloats(file, position, new int[] {0}, inner, shape);
                    return new Kernels(scope).copy(new Kernels(inner).reshape(one, shape));
                }
                position += tensor.bytes();
            }
        } catch (IOException e) {
            throw unusable(e);
        }
        throw new IllegalArgumentException("no tensor " + name + " in " + file.getFileName());
    }

    /** A note among the file's metadata. */
    String note(String name) {
        try (InputStream in = Files.newInputStream(file)) {
            JsonNode header = StrictJson.MAPPER.readTree(in.readNBytes(headerLength(in)));
            return header.path(SafetensorsBytes.METADATA).path(name).asText();
        } catch (IOException e) {
            throw unusable(e);
        }
    }

    private static int headerLength(InputStream in) throws IOException {
        byte[] length = in.readNBytes(Long.BYTES);
        if (length.length < Long.BYTES) {
            throw new IOException("cut before its header");
        }
        return Math.toIntExact(
                ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong());
    }

    private EspalierException unusable(IOException e) {
        return new EspalierException(
                ErrorCode.INTERNAL, "work file " + file.getFileName() + ": cannot be used; run the job again", e);
    }
}
