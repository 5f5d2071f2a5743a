package io.espalier.model.transformer;

/** The kind of unit that a position of a tensor's axis belongs to. */
public enum UnitKind {
    /** A KV group, which is a head where each has its own keys, or a query head: see {@link io.espalier.model.AttentionUnit}. */
    ATTENTION,
    /** An FFN channel. */
    FFN,
    /** No removable unit: for example the width of the residual stream. */
    FIXED
}
