package io.espalier.benchmarks.latency;

/**
 * The times of one task, in milliseconds since the epoch.
 *
 * @param stage "scorer", "pruner" or "evaluator"
 * @param kind the kind of task: its id without numbers
 * @param written when its stage put it into the task queue
 * @param started when a worker reported that it had begun
 * @param ended when the worker published the result
 */
public record TaskSpan(String stage, String kind, long written, long started, long ended) {}
