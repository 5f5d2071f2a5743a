package io.espalier.model.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.parquet.ParquetException;
import io.espalier.model.parquet.ParquetFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Rows of Parquet. */
final class ParquetRows extends Rows {
    private final ParquetFile parquet;

    private ParquetRows(ParquetFile parquet, String field, String file) {
        super(field, file);
        this.parquet = parquet;
    }

    /**
     * @param columns that are read, as far as the file has them; all if it has none of them
     * @throws EspalierException {@code INVALID_ARGUMENT} when it cannot be read as Parquet
     */
    static ParquetRows open(Path file, Set<String> columns, String field) throws IOException {
        String name = String.valueOf(file.getFileName());
        try {
            return new ParquetRows(ParquetFile.open(file, columns), field, name);
        } catch (ParquetException e) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT, "%s: %s, a Parquet file, %s".formatted(field, name, e.getMessage()), e);
        }
    }

    @Override
    @Nullable
    JsonNode read() throws IOException {
        try {
            return parquet.next();
        } catch (ParquetException e) {
            throw invalid("cannot be read: the file " + e.getMessage());
        }
    }

    @Override
    public void close() throws IOException {
        parquet.close();
    }
}
