package io.espalier.job;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.artifact.Root;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.file.Digests;
import io.espalier.model.file.RegularFile;
import io.espalier.model.text.TextWindows;
import io.espalier.model.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The files that a job reads, opened for one task: the dense checkpoint and the texts. */
public final class Inputs implements AutoCloseable {
    private static final String MODEL = "model";

    private final Path folder;
    private final SourceText calibration;
    private final SourceText evaluation;
    private final Checkpoint checkpoint;
    private final List<InputFile> files;

    /** A text and the field of the request that names it. */
    private record SourceText(String field, JobSpec.Text text, Path path) {
        static SourceText in(Root texts, String field, JobSpec.Text text) {
            Path path = texts.resolve(field, text.uri());
            return new SourceText(field, text, RegularFile.require(path, ErrorCode.INVALID_ARGUMENT, field));
        }

        InputFile file() {
            return InputFile.at(
                    path, field, Objects.requireNonNull(path.getFileName()).toString());
        }

        int[][] windows(Checkpoint checkpoint) {
            try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
                TextWindows windows = new TextWindows(
                        field, path, tokenizer, checkpoint.config().vocabSize());
                return text.windows() == 0
                        ? windows.all(text.sequenceLength())
                        : windows.first(text.windows(), text.sequenceLength());
            }
        }
    }

    /**
     * @param modelsRoot that every link of the checkpoint must lead into
     * @param inspected the files as the inspection of the job found them; empty when this is the inspection, or when an
     *     earlier version made it
     * @throws EspalierException {@code INPUT_CHANGED} when they are others now
     */
    Inputs(JobSpec spec, Path modelsRoot, Root texts, List<InputFile> inspected) {
        folder = new Root(modelsRoot).resolve(MODEL, spec.model());
        calibration = SourceText.in(texts, "calibration.text", spec.calibration());
        evaluation = SourceText.in(texts, "evaluation.text", spec.evaluation().text());
        // A file that was cut or is gone is no checkpoint that contradicts itself, so look before it is opened.
        InputFile.requireSame(inspected, again(inspected));
        checkpoint = Checkpoint.open(folder, modelsRoot);
        try {
            files = all();
            if (!inspected.isEmpty()) {
                InputFile.requireSame(inspected, files);
            }
        } catch (RuntimeException e) {
            checkpoint.close();
            throw e;
        }
    }

    private List<InputFile> all() {
        List<InputFile> all = new ArrayList<>();
        checkpoint.inputs().forEach(name -> all.add(InputFile.at(folder.resolve(name), MODEL, name)));
        all.add(calibration.file());
        all.add(evaluation.file());
        return List.copyOf(all);
    }

    private List<InputFile> again(List<InputFile> before) {
        return before.stream()
                .map(file -> InputFile.at(path(file), file.field(), file.name()))
                .toList();
    }

    private Path path(InputFile file) {
        if (file.field().equals(calibration.field())) {
            return calibration.path();
        }
        return file.field().equals(evaluation.field()) ? evaluation.path() : folder.resolve(file.name());
    }

    /**
     * Compares the files with what they were when this was opened.
     *
     * @throws EspalierException {@code INPUT_CHANGED} naming the field and the file
     */
    public void requireUnchanged() {
        InputFile.requireSame(files, again(files));
    }

    /** All files, as they were when this was opened. */
    public List<InputFile> files() {
        return files;
    }

    /** The dense model. */
    public Checkpoint checkpoint() {
        return checkpoint;
    }

    /** @return [windows, tokens] of the calibration text */
    public int[][] calibration() {
        return calibration.windows(checkpoint);
    }

    /** @return [windows, tokens] of the evaluation text */
    public int[][] evaluation() {
        return evaluation.windows(checkpoint);
    }

    public String calibrationSha256() {
        return Digests.sha256(calibration.path());
    }

    public String evaluationSha256() {
        return Digests.sha256(evaluation.path());
    }

    @Override
    public void close() {
        checkpoint.close();
    }
}
