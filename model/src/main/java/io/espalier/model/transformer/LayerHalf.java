package io.espalier.model.transformer;

/** The two halves of a decoder layer. Each adds its output to the residual stream. */
public enum LayerHalf {
    ATTENTION,
    FEED_FORWARD
}
