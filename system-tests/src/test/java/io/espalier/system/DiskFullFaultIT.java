package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.espalier.base.ErrorCode;
import io.espalier.v1.JobEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiskFullFaultIT extends FaultStack {
    @TempDir
    Path aside;

    private Outcome faultFree;
    private long bytes;
    private Path artifacts;
    private Optional<SmallDisk> disk = Optional.empty();

    @BeforeEach
    void theArtifactsLieOnASmallDisk() throws Exception {
        faultFree = faultFree("fault-free-small", Requests::small);
        artifacts = stack.folders().artifacts();
        bytes = size(artifacts.resolve("fault-free-small"));
        disk = SmallDisk.over(artifacts);
        assumeThat(disk).as("only root may mount a tmpfs").isPresent();
    }

    /** What was committed on the small disk goes where the promises are checked. */
    @AfterEach
    void theArtifactsLieWhereTheyDid() throws Exception {
        if (disk.isPresent()) {
            for (Path artifact : freed()) {
                Folders.copy(artifact, aside.resolve(artifact.getFileName()));
            }
            disk.get().close();
            Folders.copy(aside, artifacts);
        }
    }

    /**
     * At a percentage of an artifact: when the scorer hands over what it collected, or when the pruner asks whether the weights
     * will fit.
     */
    @ParameterizedTest
    @ValueSource(ints = {10, 50, 99})
    void aJobThatFillsTheDiskLeavesNothingAndWithRoomTheNextOneIsWhole(int percent) throws Exception {
        // Given
        String full = "disk-full-" + percent;
        String freed = "disk-freed-" + percent;
        disk.orElseThrow().leave(bytes * percent / 100);
        JobEvent end = stack.run(Requests.small(full));
        disk.orElseThrow().free();

        // When
        stack.run(Requests.small(freed));

        // Then
        assertThat(end.getFailed().getCode()).isEqualTo(ErrorCode.DISK_FULL.name());
        assertThat(artifacts.resolve(full)).doesNotExist();
        assertThat(Outcome.of(stack, freed)).isEqualTo(faultFree);
    }

    private List<Path> freed() throws IOException {
        try (var folders = Files.list(artifacts)) {
            return folders.filter(folder -> folder.getFileName().toString().startsWith("disk-freed"))
                    .toList();
        }
    }

    private static long size(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        }
    }
}
