package io.espalier.recoverer.domain;

import java.util.List;
import java.util.OptionalInt;

/** A piece of a recovery that one worker does alone. */
public sealed interface RecoverTask {
    /** Names the work within its job. */
    String id();

    /** Read the dense model once and keep what each of its layers takes and gives. */
    record Teach() implements RecoverTask {
        @Override
        public String id() {
            return "teach";
        }
    }

    /**
     * Train one layer of all checkpoints, or all layers of one checkpoint, one behind the other.
     *
     * @param layer empty for all
     */
    record Distil(String id, List<StagedCheckpoint> sources, OptionalInt layer) implements RecoverTask {
        public Distil {
            sources = List.copyOf(sources);
        }
    }

    /** Stage a checkpoint once more with the weights that its layers learned. */
    record Recover(String id, StagedCheckpoint source, RecoveryReport report) implements RecoverTask {}

    /** Train adapters of all layers of a checkpoint together. */
    record Adapt(String id, StagedCheckpoint source) implements RecoverTask {}

    /** Stage a checkpoint once more with its adapters added to the weights. */
    record Merge(String id, StagedCheckpoint source, RecoveryReport report) implements RecoverTask {}

    /**
     * Make a staged artifact visible under its name.
     *
     * @param manifestSha256 digest of its manifest
     */
    record Commit(String id, StagedCheckpoint staged, String manifestSha256) implements RecoverTask {}
}
