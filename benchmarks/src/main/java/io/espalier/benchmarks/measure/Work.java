package io.espalier.benchmarks.measure;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;

/**
 * What a measuring process works on.
 *
 * @param checkpoint folder of the dense model
 * @param scratch folder for what processes leave each other: scores, the pruned checkpoint
 * @param windows number of windows of {@code length} tokens
 * @param repetitions of which the median counts, at least 1
 * @param threads that compute
 * @param firstDraw of zeroth-order work, up to {@code lastDraw}, exclusive
 * @param startAt milliseconds since the epoch before which work does not begin, so that processes begin together
 */
public record Work(
        Path checkpoint,
        Path scratch,
        int windows,
        int length,
        int repetitions,
        int threads,
        int firstDraw,
        int lastDraw,
        long startAt) {
    private static final ObjectMapper JSON = new ObjectMapper();

    public Work withWindows(int other) {
        return new Work(checkpoint, scratch, other, length, repetitions, threads, firstDraw, lastDraw, startAt);
    }

    public Work withThreads(int other) {
        return new Work(checkpoint, scratch, windows, length, repetitions, other, firstDraw, lastDraw, startAt);
    }

    public Work withDraws(int first, int last) {
        return new Work(checkpoint, scratch, windows, length, repetitions, threads, first, last, startAt);
    }

    public Work startingAt(long millis) {
        return new Work(checkpoint, scratch, windows, length, repetitions, threads, firstDraw, lastDraw, millis);
    }

    static Work parse(String json) throws JsonProcessingException {
        return JSON.readValue(json, Work.class);
    }

    String json() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of plain values always has a JSON form", e);
        }
    }
}
