package io.espalier.benchmarks.measure;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;

/**
 * The work of a process that runs a measure.
 *
 * @param checkpoint folder of the dense model
 * @param scratch folder for files that processes pass to each other: scores, the pruned checkpoint
 * @param windows number of windows of {@code length} tokens
 * @param repetitions number of repetitions, at least 1; the result is their median
 * @param threads number of threads that compute
 * @param firstDraw first draw of zeroth-order work; {@code lastDraw} is exclusive
 * @param startAt time at which the work begins, in milliseconds since the epoch, so that several processes begin together
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
