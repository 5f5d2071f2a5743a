package io.espalier.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.artifact.FolderArtifactStore;
import io.espalier.v1.Calibration;
import io.espalier.v1.Evaluation;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WorkspaceTest {
    private static final Path DEMO = Path.of("..", "deploy", "demo", "llama");
    private static final String WEIGHTS = "model.safetensors";
    /** Long ago, so that a write now has another time whatever the clock of the file system. */
    private static final FileTime WRITTEN = FileTime.from(Instant.parse("2020-02-02T20:20:20Z"));

    private static final JobSpec SPEC = RequestMapper.toSpec(
            "job",
            PruneRequest.newBuilder()
                    .setModel("llama")
                    .setCalibration(Calibration.newBuilder().setText("calibration.txt"))
                    .setPruning(Pruning.newBuilder().setUnitRatio(0.25))
                    .setEvaluation(Evaluation.newBuilder().setText("evaluation.txt"))
                    .build());

    @TempDir
    private Path folder;

    private Path model;
    private Workspace workspace;

    @BeforeEach
    void writeInputs() throws IOException {
        model = Files.createDirectory(folder.resolve("llama"));
        for (String name : List.of("config.json", WEIGHTS, "tokenizer.json")) {
            Files.copy(DEMO.resolve(name), model.resolve(name));
        }
        Files.writeString(folder.resolve("calibration.txt"), "a text");
        Files.writeString(folder.resolve("evaluation.txt"), "another text");
        try (Stream<Path> files = Files.walk(folder).filter(Files::isRegularFile)) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, WRITTEN);
            }
        }
        workspace = new Workspace(folder, folder, new FolderArtifactStore(folder.resolve("artifacts")));
    }

    /** What may happen to a file. */
    enum Change {
        OVERWRITTEN {
            @Override
            void make(Path file) throws IOException {
                try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
                    bytes.seek(bytes.length() - 1);
                    bytes.write(7);
                }
            }
        },
        TOUCHED {
            @Override
            void make(Path file) throws IOException {
                Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2020-02-02T20:20:20.000000001Z")));
            }
        },
        CUT {
            @Override
            void make(Path file) throws IOException {
                try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
                    bytes.setLength(3);
                }
            }
        },
        REPLACED {
            @Override
            void make(Path file) throws IOException {
                Path other = file.resolveSibling("other");
                Files.copy(file, other);
                Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
            }
        },
        DELETED {
            @Override
            void make(Path file) throws IOException {
                Files.delete(file);
            }
        };

        abstract void make(Path file) throws IOException;

        void to(Path file) {
            try {
                make(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatChangesDuringATaskEndsIt(Change change) {
        // Given
        Inspection inspection = Inspections.of(inspected());

        // When / Then
        assertChanged(
                "model: " + WEIGHTS,
                () -> workspace.read(SPEC, inspection, inputs -> {
                    change.to(model.resolve(WEIGHTS));
                    return "a result";
                }));
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatChangedBeforeATaskIsNotWorkedOn(Change change) {
        // Given
        Inspection inspection = Inspections.of(inspected());
        AtomicInteger begun = new AtomicInteger();
        change.to(model.resolve(WEIGHTS));

        // When / Then
        assertChanged("model: " + WEIGHTS, () -> workspace.read(SPEC, inspection, inputs -> begun.incrementAndGet()));
        assertThat(begun).hasValue(0);
    }

    @Test
    void anInspectionDuringWhichATextChangesIsNone() {
        assertChanged(
                "evaluation.text: evaluation.txt",
                () -> workspace.inspect(SPEC, inputs -> {
                    Change.OVERWRITTEN.to(folder.resolve("evaluation.txt"));
                    return inputs.files();
                }));
    }

    @Test
    void aFileThatIsAddedToTheCheckpointAfterTheInspectionEndsTheJob() throws IOException {
        // Given
        Inspection inspection = Inspections.of(inspected());
        Files.writeString(model.resolve("chat_template.jinja"), "{{ messages }}");

        // When / Then
        assertChanged("model: chat_template.jinja", () -> workspace.read(SPEC, inspection, inputs -> "a result"));
    }

    @Test
    void aFailureThatAChangeLedToIsReportedAsTheChange() {
        // Given
        Inspection inspection = Inspections.of(inspected());

        // When / Then
        assertChanged(
                "calibration.text: calibration.txt",
                () -> workspace.read(SPEC, inspection, inputs -> {
                    Change.CUT.to(folder.resolve("calibration.txt"));
                    throw new EspalierException(ErrorCode.INVALID_ARGUMENT, "calibration.text: has 1 token");
                }));
    }

    @Test
    void filesThatStayAsTheyAreAreReadAlsoWhereAnEarlierVersionInspectedThem() {
        List<InputFile> files = inspected();

        assertThat(workspace.read(SPEC, Inspections.of(files), Inputs::files)).isEqualTo(files);
        assertThat(workspace.read(SPEC, Inspections.of(List.of()), Inputs::files))
                .isEqualTo(files);
    }

    @Test
    void theWireKeepsAllThatOtherProcessesCanCompare() {
        Inspection inspection = Inspections.of(inspected());

        Inspection received = InspectionMapper.fromWire(InspectionMapper.toWire(inspection));

        assertThat(received.files()).hasSize(5).allMatch(file -> file.place().isEmpty());
        assertThat(workspace.read(SPEC, received, Inputs::files)).hasSize(5);
    }

    @Test
    void aTextThatIsAPipeIsRefusedBeforeItIsOpened() throws Exception {
        // Given
        Path text = folder.resolve("calibration.txt");
        Files.delete(text);
        assumeThat(makesPipe(text)).isTrue();

        // When / Then
        assertRefused(ErrorCode.INVALID_ARGUMENT, "calibration.text: no regular file");
    }

    @Test
    void aFileToBeCopiedThatIsAFolderIsRefusedAtTheInspection() throws IOException {
        Files.createDirectory(model.resolve("generation_config.json"));

        assertRefused(ErrorCode.MODEL_CORRUPT, "generation_config.json: no regular file");
    }

    private static boolean makesPipe(Path path) throws InterruptedException {
        try {
            return new ProcessBuilder("mkfifo", path.toString()).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private List<InputFile> inspected() {
        return workspace.inspect(SPEC, Inputs::files);
    }

    private void assertRefused(ErrorCode code, String what) {
        assertThatThrownBy(() -> workspace.inspect(SPEC, Inputs::files))
                .isInstanceOfSatisfying(
                        EspalierException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(what);
    }

    private static void assertChanged(String file, Runnable task) {
        assertThatThrownBy(task::run)
                .isInstanceOfSatisfying(
                        EspalierException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INPUT_CHANGED))
                .hasMessageStartingWith(file + " changed")
                .hasMessageContaining("under another id");
    }
}
