package io.espalier.model.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against files of two other writers; {@code make.py} beside them says how they were made. */
class ParquetFileTest {
    private static final Path FILES = Path.of("src/test/resources/parquet");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"none", "snappy", "zstd", "gzip", "lz4"})
    void rowsAreThoseThatWereWritten(String packing) throws IOException {
        // When
        List<JsonNode> rows = rows(FILES.resolve(packing + ".parquet"), Set.of());

        // Then
        assertThat(rows).extracting(JsonNode::toString).containsExactlyElementsOf(written(List.of()));
    }

    @Test
    void rowsOfAnotherWriterAreThoseThatWereWritten() throws IOException {
        // When
        List<JsonNode> rows = rows(FILES.resolve("flat.parquet"), Set.of());

        // Then
        assertThat(rows)
                .extracting(JsonNode::toString)
                .containsExactlyElementsOf(written(List.of("text", "count", "share")));
    }

    @Test
    void onlyTheColumnsThatAreWantedAreRead() throws IOException {
        // When
        List<JsonNode> rows = rows(FILES.resolve("zstd.parquet"), Set.of("text", "content", "messages"));

        // Then
        assertThat(rows).extracting(JsonNode::toString).containsExactlyElementsOf(written(List.of("text", "messages")));
    }

    @Test
    void anotherFilesColumnsAreAllReadSoThatTheyCanBeNamed() throws IOException {
        // When
        List<JsonNode> rows = rows(FILES.resolve("flat.parquet"), Set.of("content"));

        // Then
        assertThat(rows.get(0).fieldNames()).toIterable().containsExactly("text", "count", "share");
    }

    @Test
    void aFileWithoutRowsHasNone() throws IOException {
        assertThat(rows(FILES.resolve("empty.parquet"), Set.of())).isEmpty();
    }

    @Test
    void aPackingThatIsNotReadIsRefusedWithThoseThatAre() {
        assertThatThrownBy(() -> rows(FILES.resolve("brotli.parquet"), Set.of()))
                .isInstanceOf(ParquetException.class)
                .hasMessageContainingAll("BROTLI", "snappy, zstd, gzip or lz4_raw");
    }

    @Test
    void aFileThatIsCutOffIsRefusedWhereverItWasCut() throws IOException {
        // Given
        byte[] whole = Files.readAllBytes(FILES.resolve("gzip.parquet"));
        Path cut = folder.resolve("cut");

        for (int length = 0; length < whole.length; length += 101) {
            Files.write(cut, Arrays.copyOf(whole, length));

            // When, then
            assertThatThrownBy(() -> rows(cut, Set.of()))
                    .as("%d bytes", length)
                    .isInstanceOf(ParquetException.class)
                    .hasMessageContaining("damaged");
        }
    }

    /** Only these columns, in this order; all where none is named. */
    private static List<String> written(List<String> columns) throws IOException {
        try (Stream<String> lines = Files.lines(FILES.resolve("rows.jsonl"))) {
            return lines.map(line -> written(line, columns)).toList();
        }
    }

    private static String written(String line, List<String> columns) {
        try {
            ObjectNode row = (ObjectNode) JSON.readTree(line);
            return (columns.isEmpty() ? row : row.retain(columns)).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<JsonNode> rows(Path file, Set<String> columns) throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        try (ParquetFile parquet = ParquetFile.open(file, columns)) {
            for (JsonNode row = parquet.next(); row != null; row = parquet.next()) {
                rows.add(row);
            }
        }
        return rows;
    }
}
