package io.espalier.model.transformer;

/** The two steps of a decoder layer, each of which adds something to the hidden state. */
public enum LayerHalf {
    ATTENTION,
    FEED_FORWARD
}
