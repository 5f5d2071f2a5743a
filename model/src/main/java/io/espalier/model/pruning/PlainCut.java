package io.espalier.model.pruning;

/** Drops what goes, without looking at any text. */
record PlainCut() implements CalibrationPass {
    @Override
    public LayerRepair through(PrunedLayer layer) {
        layer.cutAttention();
        layer.cutFeedForward();
        return new LayerRepair(layer.index(), LinearRepair.UNTOUCHED, LinearRepair.UNTOUCHED);
    }

    @Override
    public long tokens() {
        return 0;
    }

    @Override
    public void close() {}
}
