package io.espalier.evaluator.domain;

import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.checkpoint.Checkpoint;

/** Where a model lies as it was before its recovery. */
public sealed interface Unrecovered {
    /** @param output name of an artifact that is kept */
    record Kept(String output) implements Unrecovered {}

    /** @param staging that was not committed */
    record Staged(String staging) implements Unrecovered {}

    /** Opens it; the caller closes it. */
    default Checkpoint open(ArtifactStore artifacts, String jobId) {
        return this instanceof Kept kept
                ? artifacts.open(kept.output())
                : artifacts.staged(((Staged) this).staging(), jobId).open();
    }
}
