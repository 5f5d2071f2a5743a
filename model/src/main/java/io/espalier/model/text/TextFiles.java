package io.espalier.model.text;

import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.RegularFile;
import io.espalier.model.file.StrictJson;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * The documents of one or more files, in order. Each file is prose or rows of JSON, packed with gzip or not, or rows of Parquet;
 * which of them, its bytes say.
 *
 * @param field of the request that names the files, for messages
 * @param column where rows have their text; empty: where they usually have it
 * @param usual names of the columns where they usually have it
 * @param conversations makes a text of rows that hold messages
 */
record TextFiles(String field, List<Path> files, String column, List<String> usual, Conversations conversations) {
    private static final int HEAD_BYTES = 1 << 16;

    TextFiles {
        files = List.copyOf(files);
    }

    TextFiles(String field, List<Path> files, String column, Conversations conversations) {
        this(field, files, column, RowDocuments.USUAL, conversations);
    }

    /**
     * Opens them one after the other, as they are read.
     *
     * @throws EspalierException from {@link Documents#next} too: {@code INVALID_ARGUMENT} for what is no text
     */
    Documents open() {
        return new Documents() {
            private int opened;
            private @Nullable Documents current;

            @Override
            public @Nullable Reader next() throws IOException {
                while (true) {
                    if (current == null) {
                        if (opened == files.size()) {
                            return null;
                        }
                        current = documents(files.get(opened++));
                    }
                    Reader document = current.next();
                    if (document != null) {
                        return document;
                    }
                    current.close();
                    current = null;
                }
            }

            @Override
            public void close() throws IOException {
                if (current != null) {
                    current.close();
                }
            }
        };
    }

    private Documents documents(Path file) throws IOException {
        return opened(file, (format, bytes, name) -> switch (format) {
            case ROWS -> new RowDocuments(rows(bytes, name), column, usual, conversations);
            case PLAIN -> plain(bytes, name);
            case PARQUET ->
                new RowDocuments(
                        parquet(file, bytes, RowDocuments.columns(column, usual)), column, usual, conversations);
        });
    }

    /**
     * One of the files as rows, whatever their columns.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} when it holds no rows
     */
    Rows rows(Path file) throws IOException {
        return opened(file, (format, bytes, name) -> switch (format) {
            case ROWS -> rows(bytes, name);
            case PLAIN -> throw invalid(name + " holds no rows; give a file with one JSON object per line, or Parquet");
            case PARQUET -> parquet(file, bytes, Set.of());
        });
    }

    private Rows rows(InputStream bytes, String name) throws IOException {
        return new JsonRows(StrictJson.rows(bytes), field, name);
    }

    /** Columns are read from all over the file, which needs a file rather than its bytes in order. */
    private Rows parquet(Path file, InputStream bytes, Set<String> columns) throws IOException {
        bytes.close();
        return ParquetRows.open(file, columns, field);
    }

    @FunctionalInterface
    private interface Content<T> {
        T of(TextFormat format, InputStream bytes, String name) throws IOException;
    }

    private <T> T opened(Path file, Content<T> content) throws IOException {
        RegularFile.require(file, ErrorCode.INVALID_ARGUMENT, field);
        InputStream bytes = unpacked(Files.newInputStream(file));
        try {
            bytes.mark(HEAD_BYTES);
            byte[] head = bytes.readNBytes(HEAD_BYTES);
            bytes.reset();
            return content.of(TextFormat.of(head), bytes, String.valueOf(file.getFileName()));
        } catch (IOException | RuntimeException e) {
            bytes.close();
            throw e;
        }
    }

    private Documents plain(InputStream bytes, String name) {
        if (!column.isEmpty()) {
            throw invalid("%s holds prose, not rows with a column %s".formatted(name, column));
        }
        Reader whole = new InputStreamReader(bytes, StandardCharsets.UTF_8.newDecoder());
        return new Documents() {
            private boolean read;

            @Override
            public @Nullable Reader next() {
                boolean first = !read;
                read = true;
                return first ? whole : null;
            }

            @Override
            public void close() throws IOException {
                whole.close();
            }
        };
    }

    private static InputStream unpacked(InputStream file) throws IOException {
        BufferedInputStream bytes = new BufferedInputStream(file, HEAD_BYTES);
        bytes.mark(2);
        byte[] magic = bytes.readNBytes(2);
        bytes.reset();
        boolean gzip = magic.length == 2 && (magic[0] & 0xff) == 0x1f && (magic[1] & 0xff) == 0x8b;
        return gzip ? new BufferedInputStream(new Stoppable(new GZIPInputStream(bytes)), HEAD_BYTES) : bytes;
    }

    /** A small packed file may be a very long one of blanks, in which no row ever begins. */
    private static final class Stoppable extends FilterInputStream {
        Stoppable(InputStream in) {
            super(in);
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            Cancellation.check();
            return super.read(target, offset, length);
        }
    }

    /** What went wrong while a text was read. */
    static EspalierException unreadable(String field, IOException e) {
        if (e instanceof CharacterCodingException) {
            return new EspalierException(ErrorCode.INVALID_ARGUMENT, field + ": is not UTF-8; convert the text");
        }
        if (e instanceof ZipException || e instanceof EOFException) {
            return new EspalierException(
                    ErrorCode.INVALID_ARGUMENT, field + ": its gzip file is damaged or cut off; pack it again");
        }
        return new EspalierException(ErrorCode.MODEL_NOT_FOUND, field + ": the text cannot be read", e);
    }

    private EspalierException invalid(String what) {
        return new EspalierException(ErrorCode.INVALID_ARGUMENT, field + ": " + what);
    }
}
