package io.espalier.model.artifact;

/**
 * A write-once file of an artifact store.
 *
 * @param path relative to the artifact root, with forward slashes
 * @param sha256 lower-case hexadecimal
 */
public record StoredFile(String path, String sha256) {}
