package io.espalier.pipeline.stage;

/** A record on its way out of a topology. */
public record Outgoing(String topic, byte[] bytes) {}
