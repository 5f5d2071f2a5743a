package io.espalier.model;

/** What of attention is scored and removed as one. Where every query head has its own keys, both are a head. */
public enum AttentionUnit {
    /** A KV head with all query heads that share it: rows of q, k and v, columns of o. */
    KV_GROUP,
    /**
     * One query head: rows of q, columns of o; keys and values stay. Every KV group loses as many, so that the heads can still be
     * shared out evenly.
     */
    QUERY_HEAD
}
