package io.espalier.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.EspalierException;
import io.espalier.model.artifact.FolderArtifactStore;
import io.espalier.v1.Calibration;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import io.espalier.v1.TextShare;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Texts as people bring them, cut with the tokenizer of the demo model. */
class SourceTextTest {
    private static final Path DEMO = Path.of("..", "deploy", "demo");
    private static final int LENGTH = 8;
    /** Its bos_token; its post_processor puts none before a text. */
    private static final int BOS = 0;

    @TempDir
    private Path folder;

    private Workspace workspace;

    @BeforeEach
    void openWorkspace() throws IOException {
        Path texts = Files.createDirectory(folder.resolve("texts"));
        workspace = new Workspace(DEMO, texts, new FolderArtifactStore(folder.resolve("artifacts")));
    }

    @Test
    void severalTextsShareTheWindowsByWeight() throws IOException {
        text("ones.txt", "one ".repeat(200));
        text("twos.txt", "two ".repeat(200));
        Calibration calibration = Calibration.newBuilder()
                .addTexts(TextShare.newBuilder().setText("ones.txt").setWeight(3))
                .addTexts(TextShare.newBuilder().setText("twos.txt"))
                .build();

        int[][] windows = windows(calibration, 10);

        int[][] ones = windows(named("ones.txt"), 8);
        int[][] twos = windows(named("twos.txt"), 2);
        assertThat(Arrays.copyOf(windows, 8)).isDeepEqualTo(ones);
        assertThat(Arrays.copyOfRange(windows, 8, 10)).isDeepEqualTo(twos);
    }

    @Test
    void aFolderIsItsFilesInNameOrder() throws IOException {
        text("all.txt", "one two three four five six\n\nseven eight nine ten eleven twelve");
        text("many/a.jsonl", "{\"text\": \"one two three four five six\"}");
        text("many/b.txt", "seven eight nine ten eleven twelve");
        text("many/.hidden", "not this");
        text("many/deeper/c.txt", "nor this");

        int[][] windows = windows(named("many"), 100);

        assertThat(windows).isDeepEqualTo(windows(named("all.txt"), 100));
    }

    @Test
    void aFileThatIsPutIntoTheFolderMeanwhileIsAChange() throws IOException {
        text("many/a.txt", "one two three four five six seven eight nine ten");
        JobSpec spec = spec(named("many"), 1);
        Inspection inspection = workspace.inspect(spec, SourceTextTest::inspection);
        text("many/b.txt", "more");

        assertThatThrownBy(() -> workspace.read(spec, inspection, inputs -> 1))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("calibration.text: b.txt changed");
    }

    @Test
    void windowsBeginAsTheRequestHasIt() throws IOException {
        text("t.txt", "one two three four five six seven eight nine ten");

        int[][] usual = windows(named("t.txt"), 1);
        int[][] begun = windows(named("t.txt").toBuilder().setBos(true).build(), 1);

        assertThat(begun[0]).startsWith(BOS).hasSize(LENGTH);
        assertThat(Arrays.copyOfRange(begun[0], 1, LENGTH)).isEqualTo(Arrays.copyOf(usual[0], LENGTH - 1));
    }

    @Test
    void everyTaskCutsTheWindowsThatTheInspectionFound() throws IOException {
        text("t.txt", "one two three four five six seven eight nine ten");
        JobSpec spec = spec(named("t.txt").toBuilder().setBos(true).build(), 1);
        Inspection inspection = workspace.inspect(spec, SourceTextTest::inspection);

        int[][] windows = workspace.read(spec, inspection, Inputs::calibration);

        assertThat(inspection.calibration()).isEqualTo(new TextRead(1, LENGTH, new int[] {BOS}, "<|endoftext|>"));
        assertThat(windows).hasDimensions(1, LENGTH);
        assertThat(windows[0]).startsWith(BOS);
    }

    @Test
    void windowsOfAJobOfAnEarlierVersionBeginWithNothing() throws IOException {
        text("t.txt", "one two three four five six seven eight nine ten");
        JobSpec spec = spec(named("t.txt").toBuilder().setBos(true).build(), 1);
        Inspection now = workspace.inspect(spec, SourceTextTest::inspection);
        Inspection earlier = Inspections.of(now.files());

        int[][] windows = workspace.read(spec, earlier, Inputs::calibration);

        assertThat(windows[0][0]).isNotEqualTo(BOS);
    }

    @Test
    void aFolderWithoutFilesIsRefused() throws IOException {
        Files.createDirectory(folder.resolve("texts/empty"));

        assertThatThrownBy(() -> windows(named("empty"), 1))
                .hasMessageContaining("calibration.text: the folder has no files");
    }

    private void text(String name, String content) throws IOException {
        Path file = folder.resolve("texts").resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    private static Calibration named(String text) {
        return Calibration.newBuilder().setText(text).build();
    }

    private int[][] windows(Calibration calibration, int samples) {
        Function<Inputs, int[][]> cut = Inputs::calibration;
        return workspace.inspect(spec(calibration, samples), cut);
    }

    private static JobSpec spec(Calibration calibration, int samples) {
        return RequestMapper.toSpec(
                "job",
                PruneRequest.newBuilder()
                        .setModel("llama")
                        .setCalibration(
                                calibration.toBuilder().setSamples(samples).setSequenceLength(LENGTH))
                        .setPruning(Pruning.newBuilder().setUnitRatio(0.25))
                        .build());
    }

    private static Inspection inspection(Inputs inputs) {
        return Inspections.of(inputs.files(), inputs.calibrationRead());
    }
}
