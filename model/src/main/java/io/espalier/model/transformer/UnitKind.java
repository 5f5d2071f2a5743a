package io.espalier.model.transformer;

/** The kind of unit that a position of a tensor's axis belongs to. */
public enum UnitKind {
    /** A head, or with grouped-query attention a KV group. */
    ATTENTION,
    /** An FFN channel. */
    FFN,
    /** No removable unit: for example the width of the residual stream. */
    FIXED
}
