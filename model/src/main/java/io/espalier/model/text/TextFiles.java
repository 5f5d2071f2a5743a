package io.espalier.model.text;

import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.RegularFile;
import io.espalier.model.file.StrictJson;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * The documents of one or more files, in order. Each file is prose or rows of JSON, packed with gzip or not; which of them, its
 * bytes say.
 *
 * @param field of the request that names the files, for messages
 * @param column where rows have their text; empty: where they usually have it
 */
record TextFiles(String field, List<Path> files, String column) {
    private static final int HEAD_BYTES = 1 << 16;

    TextFiles {
        files = List.copyOf(files);
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
        RegularFile.require(file, ErrorCode.INVALID_ARGUMENT, field);
        String name = String.valueOf(file.getFileName());
        InputStream bytes = unpacked(Files.newInputStream(file));
        try {
            bytes.mark(HEAD_BYTES);
            byte[] head = bytes.readNBytes(HEAD_BYTES);
            bytes.reset();
            return switch (TextFormat.of(head)) {
                case ROWS -> new RowDocuments(StrictJson.rows(bytes), field, name, column);
                case PLAIN -> plain(bytes, name);
                case PARQUET ->
                    throw invalid(("%s is Parquet, which is not read; write it as JSON Lines, in Python:"
                                    + " pandas.read_parquet(\"%s\").to_json(\"text.jsonl\", orient=\"records\", lines=True)")
                            .formatted(name, name));
            };
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

    private EspalierException invalid(String what) {
        return new EspalierException(ErrorCode.INVALID_ARGUMENT, field + ": " + what);
    }
}
