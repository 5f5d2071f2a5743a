package io.espalier.model.parquet;

import io.airlift.compress.Decompressor;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/** Unpacks pages in Java: the library's own way is through Hadoop and native code. */
final class PageCodecs implements CompressionCodecFactory {
    @Override
    public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
        return new BytesInputDecompressor() {
            @Override
            public BytesInput decompress(BytesInput packed, int size) throws IOException {
                return codec == CompressionCodecName.UNCOMPRESSED
                        ? packed
                        : BytesInput.from(unpacked(codec, packed.toInputStream().readAllBytes(), size));
            }

            @Override
            public void decompress(ByteBuffer packed, int packedSize, ByteBuffer target, int size) throws IOException {
                byte[] bytes = bytes(packed);
                target.put(codec == CompressionCodecName.UNCOMPRESSED ? bytes : unpacked(codec, bytes, size));
            }

            @Override
            public void release() {}
        };
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static byte[] unpacked(CompressionCodecName codec, byte[] packed, int size) throws IOException {
        byte[] bytes = new byte[size];
        int count =
                switch (codec) {
                    case SNAPPY -> unpack(new SnappyDecompressor(), packed, bytes);
                    case ZSTD -> unpack(new ZstdDecompressor(), packed, bytes);
                    case LZ4_RAW -> unpack(new Lz4Decompressor(), packed, bytes);
                    case GZIP -> new GZIPInputStream(new ByteArrayInputStream(packed)).readNBytes(bytes, 0, size);
                    default ->
                        throw new ParquetException(
                                "is packed with %s; write it with snappy, zstd, gzip or lz4_raw".formatted(codec));
                };
        if (count != size) {
            throw new ParquetException("is damaged: a page of %d bytes has %d".formatted(size, count));
        }
        return bytes;
    }

    private static int unpack(Decompressor decompressor, byte[] packed, byte[] bytes) {
        return decompressor.decompress(packed, 0, packed.length, bytes, 0, bytes.length);
    }

    @Override
    public BytesInputCompressor getCompressor(CompressionCodecName codec) {
        throw new IllegalStateException("only reads");
    }

    @Override
    public void release() {}
}
