package io.espalier.model.parquet;

import io.espalier.base.Cancellation;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Predicate;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;

/**
 * Holds the sizes that a file names to the file itself and to what may be in memory at once. The library reserves what a file
 * names.
 */
record FileCheck(Path file, FileMetaData footer) {
    private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
    private static final int TAIL = Integer.BYTES + MAGIC.length;

    private static final int MAX_FOOTER = 32 << 20;

    /** A page holds a row at least, and a row may hold a whole book. */
    private static final int MAX_PAGE = 64 << 20;

    /** Packed bytes of the columns that are read, in one group of rows: they are in memory together. */
    private static final long MAX_GROUP = 256L << 20;

    private static final int MAX_COLUMNS = 10_000;

    /** @throws ParquetException when the file does not end as a Parquet file that can be read */
    static FileCheck of(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            return new FileCheck(file, footer(channel));
        }
    }

    /**
     * @param columns the first parts of the names of those that are read
     * @throws ParquetException when they cannot be read within the bounds
     */
    void requireReadable(Predicate<String> columns) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            for (RowGroup group : footer.getRow_groups()) {
                Cancellation.check();
                long packed = 0;
                for (ColumnChunk chunk : group.getColumns()) {
                    ColumnMetaData column = chunk.getMeta_data();
                    if (chunk.isSetFile_path() || column == null) {
                        throw new ParquetException("has columns that are encrypted or in other files");
                    }
                    if (columns.test(column.getPath_in_schema().get(0))) {
                        packed += pages(channel, column);
                    }
                }
                if (packed > MAX_GROUP) {
                    throw new ParquetException(
                            "has groups of rows of %,d MB; write it in smaller ones, of at most %,d MB"
                                    .formatted(packed >> 20, MAX_GROUP >> 20));
                }
            }
        }
    }

    private static FileMetaData footer(FileChannel channel) throws IOException {
        long size = channel.size();
        byte[] tail = read(channel, size - TAIL, TAIL);
        int length = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt();
        if (!Arrays.equals(tail, Integer.BYTES, TAIL, MAGIC, 0, MAGIC.length)
                || length < 0
                || length > size - TAIL - MAGIC.length) {
            throw new ParquetException("is damaged or cut off: it does not end as Parquet does");
        }
        if (length > MAX_FOOTER) {
            throw new ParquetException("has a footer of %,d bytes; at most %,d".formatted(length, MAX_FOOTER));
        }
        byte[] bytes = read(channel, size - TAIL - length, length);
        // Nothing in it can be longer than it is itself.
        FileMetaData footer = Util.readFileMetaData(new ByteArrayInputStream(bytes), Math.max(length, 1));
        if (footer.getSchemaSize() > MAX_COLUMNS) {
            throw new ParquetException("has %,d columns; at most %,d".formatted(footer.getSchemaSize(), MAX_COLUMNS));
        }
        return footer;
    }

    private static byte[] read(FileChannel channel, long position, int length) throws IOException {
        if (position < 0) {
            throw new ParquetException("is damaged or cut off: it is too short");
        }
        byte[] bytes = new byte[length];
        ByteBuffer target = ByteBuffer.wrap(bytes);
        while (target.hasRemaining()) {
            if (channel.read(target, position + target.position()) < 0) {
                throw new ParquetException("changed while it was read");
            }
        }
        return bytes;
    }

    /** Walks over the headers of the pages of a column, and returns the bytes that they take. */
    private static long pages(FileChannel channel, ColumnMetaData column) throws IOException {
        long start = column.getData_page_offset();
        if (column.isSetDictionary_page_offset() && column.getDictionary_page_offset() > 0) {
            start = Math.min(start, column.getDictionary_page_offset());
        }
        long length = column.getTotal_compressed_size();
        if (start < 0 || length < 0 || length > channel.size() - start || column.getNum_values() < 0) {
            throw new ParquetException("is damaged: a column lies outside the file");
        }
        channel.position(start);
        InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
        long values = 0;
        while (values < column.getNum_values()) {
            PageHeader page = Util.readPageHeader(in);
            int packed = page.getCompressed_page_size();
            int size = page.getUncompressed_page_size();
            if (packed < 0 || packed > length || size < 0) {
                throw new ParquetException("is damaged: a page lies outside its column");
            }
            if (size > MAX_PAGE) {
                throw new ParquetException("has pages of %,d MB; at most %,d MB".formatted(size >> 20, MAX_PAGE >> 20));
            }
            values += values(page, size);
            in.skipNBytes(packed);
        }
        return length;
    }

    private static int values(PageHeader page, int size) throws ParquetException {
        int values =
                switch (page.getType()) {
                    case DATA_PAGE -> page.getData_page_header().getNum_values();
                    case DATA_PAGE_V2 -> page.getData_page_header_v2().getNum_values();
                    case DICTIONARY_PAGE -> {
                        if (page.getDictionary_page_header().getNum_values() > size) {
                            throw new ParquetException("is damaged: a dictionary has more words than bytes");
                        }
                        yield 0;
                    }
                    case INDEX_PAGE -> 0;
                };
        if (values < 0) {
            throw new ParquetException("is damaged: a page has a negative number of values");
        }
        return values;
    }
}
