package io.espalier.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.module.ModuleDescriptor.Version;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Asks the Linux kernel which pages of a mapping are in memory before anything was read from it. */
@EnabledOnOs(OS.LINUX)
class PageTableTest {
    private static final int BYTES = 8 << 20;
    private static final int START = 12_345;

    @TempDir
    private Path folder;

    @Test
    void aMappingIsResidentBeforeItIsReadAlsoWhereItBeginsWithinAPage() throws IOException {
        // Given
        assumeThat(Version.parse(System.getProperty("os.version"))).isGreaterThanOrEqualTo(Version.parse("5.14"));
        Path file = Files.write(folder.resolve("weights"), new byte[START + BYTES]);
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, START, BYTES);
            long before = residentKilobytes(file);

            // When
            boolean populated = PageTable.populate(mapped);

            // Then
            assertThat(populated).isTrue();
            assertThat(before).isZero();
            assertThat(residentKilobytes(file)).isGreaterThanOrEqualTo(BYTES >> 10);
        }
    }

    private static long residentKilobytes(Path file) throws IOException {
        List<String> lines = Files.readAllLines(Path.of("/proc/self/smaps"));
        int mapping = 0;
        while (!lines.get(mapping).endsWith(file.toString())) {
            mapping++;
        }
        String resident = lines.subList(mapping, lines.size()).stream()
                .filter(line -> line.startsWith("Rss:"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(resident.replaceAll("\\D", ""));
    }
}
