package io.espalier.model.importance;

import io.espalier.model.Seeds;
import java.util.SplittableRandom;

/** The baseline: scores that are uniform in [0, 1) and depend only on the job's seed. */
record RandomImportance() implements Criterion {
    @Override
    public String name() {
        return "random";
    }

    @Override
    public UnitScores score(LayerEvidence evidence) {
        int layer = evidence.layout().index();
        var shape = evidence.layout().shape();
        return new UnitScores(
                uniform(Seeds.of(evidence.seed(), "random/attention/" + layer), shape.attentionUnits()),
                uniform(Seeds.of(evidence.seed(), "random/ffn/" + layer), shape.ffnChannels()));
    }

    private static double[] uniform(long seed, int units) {
        return new SplittableRandom(seed).doubles(units).toArray();
    }
}
