package io.espalier.recoverer.domain;

/**
 * A recovered checkpoint, complete with its manifest.
 *
 * @param manifestSha256 digest of its manifest
 * @param gguf name of the GGUF file beside it; empty if there is none
 */
public record RecoveredModel(String staging, String manifestSha256, String gguf) {}
