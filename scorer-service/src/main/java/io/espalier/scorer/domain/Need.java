package io.espalier.scorer.domain;

/**
 * The part of the memory budget that a pass needs.
 *
 * @param what name of the pass and size of its text, for messages
 * @param bytes the most bytes that the pass holds at once
 */
record Need(String what, long bytes) {
    /**
     * The need of a pass over windows of a text.
     *
     * @param length tokens of a window
     */
    static Need of(String what, int windows, int length, long bytes) {
        return new Need("%s with %d windows of %d tokens".formatted(what, windows, length), bytes);
    }
}
