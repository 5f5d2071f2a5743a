package io.espalier.model.transformer;

/** What one position of a tensor's axis belongs to. */
public enum UnitKind {
    /** A head, or the KV group that several query heads share. */
    ATTENTION,
    /** A channel of the feed-forward block. */
    FFN,
    /** Nothing removable: the residual width, the size of a head. */
    FIXED
}
