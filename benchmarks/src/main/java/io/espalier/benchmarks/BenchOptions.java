package io.espalier.benchmarks;

import io.espalier.benchmarks.measure.ScratchFolder;
import io.espalier.benchmarks.measure.Work;
import io.espalier.benchmarks.shape.DiskRoom;
import io.espalier.benchmarks.shape.RandomCheckpoint;
import io.espalier.benchmarks.shape.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that all modes share. */
final class BenchOptions {
    @Option(
            names = "--shape",
            defaultValue = "1.1b",
            paramLabel = "SHAPE",
            description = "llama-30m, 1.1b, 7b or tiny. Default: ${DEFAULT-VALUE}.")
    private String shape = "1.1b";

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(names = "--only", split = ",", paramLabel = "MEASURE", description = "Only these, such as gaussian,pruner.")
    private List<String> only = List.of();

    @Option(
            names = "--folder",
            paramLabel = "DIR",
            description = "Where random checkpoints are kept. Default: espalier-bench in the temporary folder.")
    private Path folder = Path.of(System.getProperty("java.io.tmpdir"), "espalier-bench");

    @Option(
            names = "--windows",
            defaultValue = "8",
            paramLabel = "N",
            description = "Calibration windows; backprop takes a quarter more. Default: ${DEFAULT-VALUE}.")
    private int windows = 8;

    @Option(
            names = "--length",
            defaultValue = "128",
            paramLabel = "T",
            description = "Tokens of a window. Default: ${DEFAULT-VALUE}.")
    private int length = 128;

    @Option(
            names = "--draws",
            defaultValue = "8",
            paramLabel = "K",
            description = "Draws of a whole zeroth-order scoring. Default: ${DEFAULT-VALUE}.")
    private int draws = 8;

    @Option(
            names = "--repetitions",
            defaultValue = "3",
            paramLabel = "N",
            description = "Of which the median counts. Default: ${DEFAULT-VALUE}.")
    private int repetitions = 3;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of a kernel. Default: one a core.")
    private int threads = Runtime.getRuntime().availableProcessors();

    Shape shape() {
        return Shape.named(shape);
    }

    boolean json() {
        return json;
    }

    List<String> only() {
        return only;
    }

    int threads() {
        return threads;
    }

    /**
     * The work that these options describe. Its checkpoint is written if it does not exist, and its scratch folder is
     * empty.
     *
     * @param scratchModels size of the files that the work leaves in the scratch folder, as a multiple of the model's
     *     size
     */
    Work work(int scratchModels) throws IOException {
        Path checkpoint = RandomCheckpoint.in(folder, shape(), System.err::println);
        DiskRoom.require(folder, scratchModels * shape().bytes());
        return new Work(checkpoint, scratch(), windows, length, repetitions, threads, 0, draws, 0);
    }

    /** Creates a folder that is deleted when this process ends, even if it is interrupted. */
    Path scratch() throws IOException {
        Files.createDirectories(folder);
        Path scratch = Files.createTempDirectory(folder, "scratch-");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> ScratchFolder.delete(scratch), "delete-scratch"));
        return scratch;
    }
}
