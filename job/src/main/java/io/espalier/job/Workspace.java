package io.espalier.job;

import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.artifact.Root;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.file.Digests;
import io.espalier.model.text.TextWindows;
import io.espalier.model.text.Tokenizer;
import java.nio.file.Path;

/** Opens what requests name: models, texts and artifacts. Nothing outside their three roots is opened. */
public final class Workspace {
    private final Path modelsRoot;
    private final Root models;
    private final Root texts;
    private final ArtifactStore artifacts;

    public Workspace(Path modelsRoot, Path textsRoot, ArtifactStore artifacts) {
        this.modelsRoot = modelsRoot;
        this.models = new Root(modelsRoot);
        this.texts = new Root(textsRoot);
        this.artifacts = artifacts;
    }

    public ArtifactStore artifacts() {
        return artifacts;
    }

    /** The dense checkpoint of a job; the caller closes it. */
    public Checkpoint model(JobSpec spec) {
        return Checkpoint.open(models.resolve("model", spec.model()), modelsRoot);
    }

    /** @return [windows, tokens] of the calibration text */
    public int[][] calibration(JobSpec spec, Checkpoint checkpoint) {
        return windows("calibration.text", spec.calibration(), checkpoint);
    }

    /** @return [windows, tokens] of the evaluation text */
    public int[][] evaluation(JobSpec spec, Checkpoint checkpoint) {
        return windows("evaluation.text", spec.evaluation().text(), checkpoint);
    }

    public String calibrationSha256(JobSpec spec) {
        return Digests.sha256(
                texts.resolve("calibration.text", spec.calibration().uri()));
    }

    public String evaluationSha256(JobSpec spec) {
        return Digests.sha256(
                texts.resolve("evaluation.text", spec.evaluation().text().uri()));
    }

    private int[][] windows(String field, JobSpec.Text text, Checkpoint checkpoint) {
        Path file = texts.resolve(field, text.uri());
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            TextWindows windows =
                    new TextWindows(field, file, tokenizer, checkpoint.config().vocabSize());
            return text.windows() == 0
                    ? windows.all(text.sequenceLength())
                    : windows.first(text.windows(), text.sequenceLength());
        }
    }
}
