package io.espalier.benchmarks.latency;

/**
 * The life of one task in milliseconds since the epoch.
 *
 * @param stage "scorer", "pruner" or "evaluator"
 * @param kind what it does: its id without numbers
 * @param written when its stage put it into the queue
 * @param started when a worker said that it had begun
 * @param ended when the worker published the result
 */
public record TaskSpan(String stage, String kind, long written, long started, long ended) {}
