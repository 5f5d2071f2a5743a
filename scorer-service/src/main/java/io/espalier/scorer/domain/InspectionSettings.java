package io.espalier.scorer.domain;

import io.espalier.job.Quota;

/**
 * What the configuration of the worker that inspects a job decides for all of its tasks.
 *
 * @param threads that every task computes with
 * @param computeType the configured type: {@code auto}, {@code fp32}, {@code bf16} or {@code fp16}
 * @param memoryBudget bytes that one pass may hold
 * @param quota that the job has to keep to
 */
public record InspectionSettings(int threads, String computeType, long memoryBudget, Quota quota) {}
