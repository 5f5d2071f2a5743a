package io.espalier.scorer.domain;

/**
 * A pass and the bytes it needs of the memory budget.
 *
 * @param what the pass is, with its text
 */
record Need(String what, long bytes) {
    /** Of a pass over some windows of a text. */
    static Need of(String what, int windows, int length, long bytes) {
        return new Need("%s with %d windows of %d tokens".formatted(what, windows, length), bytes);
    }
}
