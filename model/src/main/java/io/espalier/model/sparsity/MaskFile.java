package io.espalier.model.sparsity;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.SafetensorsBytes;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The safetensors file with the masks of one layer. It holds one U8 array for each linear layer, named after its module, with
 * the bits of {@link Mask#packed}. The file's metadata give the shape of each mask, such as {@code 4096x11008}.
 */
public final class MaskFile {
    private MaskFile() {}

    /**
     * @param masks the masks of one layer, in the order in which the data flows
     * @throws IllegalArgumentException when the shape of a mask is not that of its linear layer
     */
    public static byte[] write(Map<Linear, Mask> masks) {
        masks.forEach((linear, mask) -> {
            if (mask.rows() != linear.outputs() || mask.columns() != linear.inputs()) {
                throw new IllegalArgumentException(mask + " is none of " + linear.module());
            }
        });
        byte[] header = header(masks.keySet());
        ByteBuffer file = ByteBuffer.allocate(Math.addExact(header.length, dataBytes(masks.keySet())))
                .put(header);
        masks.values().forEach(mask -> file.put(mask.packed()));
        return file.array();
    }

    /**
     * @param linears the linear layers whose masks the file holds
     * @throws EspalierException {@code INTERNAL} when the file holds other linear layers or other shapes, or is damaged
     */
    public static Map<Linear, Mask> read(byte[] bytes, LayerLayout layer, LinearChoice linears) {
        List<Linear> chosen = linears.of(layer);
        // The layout alone determines the header, so the reader compares the header and need not parse it.
        byte[] header = header(chosen);
        ByteBuffer file = ByteBuffer.wrap(bytes);
        if (bytes.length != (long) header.length + dataBytes(chosen)
                || !file.slice(0, header.length).equals(ByteBuffer.wrap(header))) {
            List<String> expected = chosen.stream().map(MaskFile::shaped).toList();
            throw new EspalierException(ErrorCode.INTERNAL, damaged(layer, "are not those of " + expected));
        }
        file.position(header.length);
        Map<Linear, Mask> masks = new LinkedHashMap<>();
        for (Linear linear : chosen) {
            byte[] packed = new byte[Mask.packedBytes(linear.outputs(), linear.inputs())];
            file.get(packed);
            try {
                masks.put(linear, Mask.of(linear.outputs(), linear.inputs(), packed));
            } catch (IllegalArgumentException e) {
                throw new EspalierException(ErrorCode.INTERNAL, damaged(layer, "are damaged at " + linear.module()), e);
            }
        }
        return masks;
    }

    private static String damaged(LayerLayout layer, String what) {
        return "masks of layer %d: %s; run the job again".formatted(layer.index(), what);
    }

    private static byte[] header(Collection<Linear> linears) {
        List<TensorInfo> arrays = linears.stream()
                .map(linear ->
                        TensorInfo.of(linear.module(), DType.U8, Mask.packedBytes(linear.outputs(), linear.inputs())))
                .toList();
        Map<String, String> notes = new LinkedHashMap<>();
        linears.forEach(linear -> notes.put(linear.module(), shape(linear)));
        return SafetensorsBytes.header(arrays, notes);
    }

    private static int dataBytes(Collection<Linear> linears) {
        return linears.stream()
                .mapToInt(linear -> Mask.packedBytes(linear.outputs(), linear.inputs()))
                .reduce(0, Math::addExact);
    }

    private static String shape(Linear linear) {
        return linear.outputs() + "x" + linear.inputs();
    }

    private static String shaped(Linear linear) {
        return linear.module() + " " + shape(linear);
    }
}
