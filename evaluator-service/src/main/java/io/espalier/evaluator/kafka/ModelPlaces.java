package io.espalier.evaluator.kafka;

import io.espalier.v1.PrunedCheckpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Where the models of one checkpoint stand in what was measured of all models of a job: the dense one first, then of each checkpoint
 * the pruned one, and that as it was before its recovery.
 */
record ModelPlaces(int pruned, OptionalInt unrecovered) {
    static final int DENSE = 0;

    /** Of each checkpoint. */
    static List<ModelPlaces> of(List<PrunedCheckpoint> checkpoints) {
        List<ModelPlaces> places = new ArrayList<>();
        int next = DENSE + 1;
        for (PrunedCheckpoint checkpoint : checkpoints) {
            boolean recovered = checkpoint.hasRecovery();
            places.add(new ModelPlaces(next, recovered ? OptionalInt.of(next + 1) : OptionalInt.empty()));
            next += recovered ? 2 : 1;
        }
        return places;
    }
}
