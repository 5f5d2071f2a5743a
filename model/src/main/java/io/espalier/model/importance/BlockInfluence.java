package io.espalier.model.importance;

import java.util.Arrays;

/**
 * {@code BI_l = 1 − mean over tokens of cos(h_l, h_{l+1})} (ShortGPT, section 3.1). It measures how much a whole layer
 * changes the hidden states. It cannot tell the units of a layer apart, so all of them get the layer's score.
 */
record BlockInfluence() implements Criterion {
    @Override
    public String name() {
        return "block-influence";
    }

    @Override
    public boolean needsActivations() {
        return true;
    }

    @Override
    public boolean ranksUnits() {
        return false;
    }

    @Override
    public UnitScores score(LayerEvidence evidence) {
        double influence = 1 - evidence.cosine().means()[0];
        var shape = evidence.layout().shape();
        return new UnitScores(same(influence, shape.attentionUnits()), same(influence, shape.ffnChannels()));
    }

    private static double[] same(double score, int units) {
        double[] scores = new double[units];
        Arrays.fill(scores, score);
        return scores;
    }
}
