package io.espalier.pipeline.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The version of the code, as manifests and reports state it. */
public final class CodeVersion {
    private CodeVersion() {}

    public static String get() {
        try (InputStream text = CodeVersion.class.getResourceAsStream("/espalier/version.txt")) {
            return new String(Objects.requireNonNull(text).readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
