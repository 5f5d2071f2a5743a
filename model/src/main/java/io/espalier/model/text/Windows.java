package io.espalier.model.text;

/**
 * Windows of token ids, and what they were cut from.
 *
 * @param tokens {@code [windows][length]}, what stands before each window included
 * @param documents that were read for them
 */
public record Windows(int[][] tokens, long documents) {}
