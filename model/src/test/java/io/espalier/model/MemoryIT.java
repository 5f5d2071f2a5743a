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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the operating system says of a process that works on a model; only Linux says it simply. */
@EnabledOnOs(OS.LINUX)
class MemoryIT {
    private static final long MEGABYTE = 1 << 20;
    /**
     * Kept by the engine, the C library and the readers where products are not tiny, whatever their size; what oneDNN packs
     * of a product's factors included.
     */
    private static final long ENGINE = 192 * MEGABYTE;

    @Test
    void scoringNeedsAFractionOfTheModelsSize(@TempDir Path folder) throws Exception {
        // Given
        DeepCheckpoint.write(folder, 24);
        long modelBytes;
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            modelBytes = checkpoint.bytes();
        }
        long samePassesOverNextToNothing = run("score", GoldenCheckpoint.LLAMA).get("peak");

        // When
        long scoring = run("score", folder).get("peak");

        // Then
        assertThat(modelBytes).isGreaterThan(500 * MEGABYTE);
        assertThat(scoring - samePassesOverNextToNothing)
                .as("bytes that the model's size costs")
                .isLessThan(modelBytes / 3);
    }

    @Test
    void exactGradientsNeedLessThanHalfTheModelsSize(@TempDir Path folder) throws Exception {
        // Given
        DeepCheckpoint.write(folder, 24);
        long modelBytes;
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            modelBytes = checkpoint.bytes();
        }
        long samePassOverNextToNothing = run("backprop", GoldenCheckpoint.LLAMA).get("peak");

        // When
        long backprop = run("backprop", folder).get("peak");

        // Then
        assertThat(backprop - samePassOverNextToNothing)
                .as("bytes that the model's size costs")
                .isLessThan(modelBytes / 2);
    }

    @Test
    void streamingNeedsAsMuchMemoryForManyLayersAsForFew(@TempDir Path few, @TempDir Path many) throws Exception {
        // Given
        DeepCheckpoint.write(few, 6);
        DeepCheckpoint.write(many, 24);
        long forFew = run("stream", few).get("peak");

        // When
        long forMany = run("stream", many).get("peak");

        // Then
        assertThat(forMany - forFew)
                .as("bytes that 18 more layers of 24 MB cost")
                .isLessThan(24 * MEGABYTE);
    }

    @ParameterizedTest
    @EnumSource
    void aPassTakesNoMoreThanItsFootprintSays(MeasuredPass pass, @TempDir Path folder) throws Exception {
        // Given
        DeepCheckpoint.write(folder, 2, 1536);
        long said = pass.said(folder);
        long samePassOverNextToNothing =
                run(pass.name(), GoldenCheckpoint.LLAMA).get("peak");

        // When
        long peak = run(pass.name(), folder).get("peak");

        // Then
        assertThat(peak - samePassOverNextToNothing)
                .as("bytes that the model's size costs")
                .isLessThanOrEqualTo(said + ENGINE);
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
        long samePassOverAShortWindow = run("backprop", capped).get("peak");

        // When
        long peak = run("long-backprop", capped).get("peak");

        // Then
        assertThat(peak - samePassOverAShortWindow)
                .as("bytes that the length of the window costs")
                .isBetween(2 * ENGINE, said + ENGINE);
    }

    @Test
    void repeatedBackpropagationsDoNotGrow() throws Exception {
        Map<String, Long> resident = run("repeat-backprop", GoldenCheckpoint.LLAMA);

        assertThat(resident.get("late") - resident.get("early"))
                .as("bytes gained over 40 passes")
                .isLessThan(12 * MEGABYTE);
    }

    @Test
    void repeatedPassesDoNotGrow() throws Exception {
        Map<String, Long> resident = run("repeat", GoldenCheckpoint.LLAMA);

        assertThat(resident.get("late") - resident.get("early"))
                .as("bytes gained over 300 passes")
                .isLessThan(24 * MEGABYTE);
    }

    /** Named sizes in bytes that the child printed. */
    private static Map<String, Long> run(String work, Path checkpoint) throws IOException, InterruptedException {
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
                work,
                checkpoint.toString()));
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
