package io.espalier.pipeline.topic;

/**
 * One topic as declared.
 *
 * @param name without the configured prefix
 * @param retentionHours -1 keeps everything
 */
public record Topic(String name, int partitions, long retentionHours) {}
