package io.espalier.model.parquet;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.Cancellation;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.jspecify.annotations.Nullable;

/** The rows of a Parquet file, in order. The packed columns of one group of rows are in memory at a time. */
public final class ParquetFile implements Closeable {
    private final ParquetFileReader reader;
    private final MessageColumnIO columns;
    private final RowConverter converter;
    private @Nullable RecordReader<JsonNode> rows;
    private long left;

    private ParquetFile(ParquetFileReader reader, MessageType schema) throws ParquetException {
        this.reader = reader;
        this.columns = new ColumnIOFactory().getColumnIO(schema);
        this.converter = new RowConverter(schema);
        reader.setRequestedSchema(schema);
    }

    /**
     * @param wanted names of the columns that are read, as far as the file has them; all if it has none of them
     * @throws ParquetException when it is no Parquet file, or one that cannot be read
     */
    public static ParquetFile open(Path file, Set<String> wanted) throws IOException {
        try {
            FileCheck check = FileCheck.of(file);
            ParquetFileReader reader = ParquetFileReader.open(
                    new LocalInputFile(file),
                    ParquetReadOptions.builder(new PlainParquetConfiguration())
                            .withCodecFactory(new PageCodecs())
                            .usePageChecksumVerification()
                            .build());
            try {
                MessageType schema = chosen(reader.getFileMetaData().getSchema(), wanted);
                check.requireReadable(schema::containsField);
                return new ParquetFile(reader, schema);
            } catch (IOException | RuntimeException | OutOfMemoryError e) {
                reader.close();
                throw e;
            }
        } catch (RuntimeException | IOException | OutOfMemoryError e) {
            throw named(e);
        }
    }

    private static MessageType chosen(MessageType schema, Set<String> wanted) {
        List<Type> chosen = schema.getFields().stream()
                .filter(field -> wanted.contains(field.getName()))
                .toList();
        return chosen.isEmpty() ? schema : new MessageType(schema.getName(), chosen);
    }

    /**
     * The next row, a JSON object with a value for each column that is read; null at the end.
     *
     * @throws ParquetException when the file is damaged
     */
    public @Nullable JsonNode next() throws IOException {
        try {
            while (left == 0) {
                Cancellation.check();
                PageReadStore group = reader.readNextRowGroup();
                if (group == null) {
                    return null;
                }
                left = group.getRowCount();
                rows = columns.getRecordReader(group, converter);
            }
            left--;
            return rows == null ? null : rows.read();
        } catch (RuntimeException | IOException | OutOfMemoryError e) {
            throw named(e);
        }
    }

    /**
     * Gives what the library throws at damaged files, which is of any kind, one name. Lack of memory is among it: some sizes stand
     * inside a page, where no check sees them, and are reserved in one piece.
     */
    private static IOException named(Throwable e) {
        if (e instanceof EspalierException typed) {
            throw typed;
        }
        if (e instanceof OutOfMemoryError) {
            return new ParquetException(
                    "is damaged, or needs more memory than there is; write it in smaller groups of rows", e);
        }
        return e instanceof ParquetException known ? known : new ParquetException("is damaged: " + reason(e), e);
    }

    private static String reason(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return Quoted.of(cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage());
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
