package io.espalier.recoverer.domain;

/**
 * A checkpoint that waits for what comes next.
 *
 * @param output artifact folder that it will have
 * @param staging where it lies
 */
public record StagedCheckpoint(String output, String staging) {}
