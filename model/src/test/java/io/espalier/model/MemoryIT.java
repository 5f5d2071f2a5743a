package io.espalier.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.EngineEnvironment;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.Backprop;
import io.espalier.model.tensor.Computation;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the operating system says of a process that works on a model; only Linux says it simply. */
@EnabledOnOs(OS.LINUX)
// Each test waits for a process of its own, whose memory no other process touches.
@Execution(ExecutionMode.CONCURRENT)
class MemoryIT {
    private static final long MEGABYTE = 1 << 20;
    /**
     * Kept by the engine, the C library and the readers where products are not tiny, whatever their size; what oneDNN packs
     * of a product's factors included.
     */
    private static final long ENGINE = 192 * MEGABYTE;

    @TempDir
    static Path folder;

    @BeforeAll
    static void writeCheckpoints() {
        DeepCheckpoint.write(folder.resolve("large"), 24);
        DeepCheckpoint.write(folder.resolve("wide"), 2, 1536);
        DeepCheckpoint.write(folder.resolve("few"), 6, 512);
        DeepCheckpoint.write(folder.resolve("many"), 24, 512);
    }

    @Test
    void scoringNeedsAFractionOfTheModelsSize() throws Exception {
        // Given
        Path large = folder.resolve("large");

        // When
        long scoring = extraBytes("score", GoldenCheckpoint.LLAMA, large);

        // Then
        assertThat(bytes(large)).isGreaterThan(500 * MEGABYTE);
        assertThat(scoring).as("bytes that the model's size costs").isLessThan(bytes(large) / 3);
    }

    @Test
    void exactGradientsNeedLessThanHalfTheModelsSize() throws Exception {
        // Given
        Path large = folder.resolve("large");

        // When
        long backprop = extraBytes("backprop", GoldenCheckpoint.LLAMA, large);

        // Then
        assertThat(backprop).as("bytes that the model's size costs").isLessThan(bytes(large) / 2);
    }

    @Test
    void streamingNeedsAsMuchMemoryForManyLayersAsForFew() throws Exception {
        // When
        long more = extraBytes("stream", folder.resolve("few"), folder.resolve("many"));

        // Then: what is kept of each layer would be at least its hidden states, 36 MB; peaks scatter by some 20 MB.
        assertThat(more)
                .as("bytes that 18 more layers of 6 MB and hidden states of 2 MB cost")
                .isLessThan(32 * MEGABYTE);
    }

    @ParameterizedTest
    @EnumSource
    void aPassTakesNoMoreThanItsFootprintSays(MeasuredPass pass) throws Exception {
        // Given
        Path wide = folder.resolve("wide");
        long said = pass.said(wide);

        // When
        long taken = extraBytes(pass.name(), GoldenCheckpoint.LLAMA, wide);

        // Then
        assertThat(taken).as("bytes that the model's size costs").isLessThanOrEqualTo(said + ENGINE);
    }

    @Test
    void scoresOfLongWindowsTakeNoMoreThanTheFootprintSays() throws Exception {
        // Given
        Path capped = GoldenCheckpoint.of("gemma2");
        long said;
        try (Checkpoint checkpoint = Checkpoint.open(capped)) {
            said = Backprop.bytes(
                    new Footprint(ModelLayout.of(checkpoint), Computation.EXACT), 1, ScoringProcess.LONG, true, false);
        }

        // When
        Map<String, Long> sizes = run("longer-backprop", capped);

        // Then
        assertThat(sizes.get("peak1") - sizes.get("short"))
                .as("bytes that the length of the window costs")
                .isBetween(said / 2, said + ENGINE);
    }

    @Test
    void repeatedBackpropagationsDoNotGrow() throws Exception {
        // When
        Map<String, Long> resident = run("repeat-backprop", GoldenCheckpoint.LLAMA);

        // Then: a process settles in its first rounds; what each pass kept would show in all of them, a hidden state
        // with 7.9 MB.
        long gained = IntStream.range(0, ScoringProcess.ROUNDS)
                .mapToLong(round -> resident.get("round" + (round + 1)) - resident.get("round" + round))
                .min()
                .orElseThrow();
        assertThat(gained).as("bytes gained by 20 passes").isLessThan(5 * MEGABYTE);
    }

    @Test
    void repeatedPassesDoNotGrow() throws Exception {
        Map<String, Long> resident = run("repeat", GoldenCheckpoint.LLAMA);

        assertThat(resident.get("late") - resident.get("early"))
                .as("bytes gained over 150 passes")
                .isLessThan(12 * MEGABYTE);
    }

    private static long bytes(Path model) {
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            return checkpoint.bytes();
        }
    }

    /** What a child that has done the same over a smaller model takes more for a larger one. */
    private static long extraBytes(String work, Path smaller, Path larger) throws IOException, InterruptedException {
        Map<String, Long> sizes = run(work, smaller, larger);
        return sizes.get("peak2") - sizes.get("peak1");
    }

    /** Named sizes in bytes that the child printed. */
    private static Map<String, Long> run(String work, Path... checkpoints) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // A heap that is all there from the start does not blur what the native side takes.
                "-Xms96m",
                "-Xmx96m",
                "-XX:+AlwaysPreTouch",
                // Nor does a compiler that optimizes for minutes.
                "-XX:TieredStopAtLevel=1",
                "-Dai.djl.offline=true",
                "-cp",
                System.getProperty("java.class.path"),
                ScoringProcess.class.getName(),
                work));
        Stream.of(checkpoints).map(Path::toString).forEach(command::add);
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        // As the services are started: otherwise the C library keeps freed weights of one layer beside the next one's.
        builder.environment().putAll(EngineEnvironment.here());
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        Map<String, Long> sizes = new java.util.HashMap<>();
        Matcher lines = Pattern.compile("(\\w+)=(\\d+)").matcher(output);
        while (lines.find()) {
            sizes.put(lines.group(1), Long.parseLong(lines.group(2)));
        }
        return sizes;
    }
}
