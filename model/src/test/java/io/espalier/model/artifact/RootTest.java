package io.espalier.model.artifact;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RootTest {
    @TempDir
    Path folder;

    Path models;
    Path llama;
    Root root;

    @BeforeEach
    void makeRoot() throws IOException {
        folder = folder.toRealPath();
        models = Files.createDirectory(folder.resolve("models"));
        llama = Files.createDirectories(models.resolve("org/my llama+1"));
        Files.createDirectory(folder.resolve("models-secret"));
        root = new Root(models);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "org/my llama+1",
                "org/my%20llama+1",
                "./org//my llama+1/",
                "file:org/my%20llama%2B1",
                "file:ROOT/org/my%20llama+1",
                "file://ROOT/org/my%20llama+1",
                "FILE://ROOT/org/my%20llama+1",
                "ROOT/org/my llama+1"
            })
    void findsAPathInsideTheRoot(String uri) {
        assertThat(root.resolve("model", uri.replace("ROOT", models.toString())))
                .isEqualTo(llama);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../models-secret",
                "org/../../models-secret",
                "org/..",
                "%2e%2e/models-secret",
                "%2E./models-secret",
                "org/%2e%2e/%2e%2e/models-secret",
                "..\\models-secret",
                "..%5cmodels-secret",
                "/etc",
                "ROOT-secret",
                "file:///etc",
                "file://host/etc",
                "file:../models-secret",
                "file:org?x",
                "file:org#x",
                "http://169.254.169.254/latest",
                "s3://bucket/key",
                "jar:file:/x.jar!/y",
                "classpath:x",
                "org\0",
                "org%00",
                "org%0a",
                "org%",
                "org%zz",
                "%ff\n"
            })
    void refusesWhatLeadsElsewhere(String uri) {
        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> root.resolve("model", uri.replace("ROOT", models.toString())))
                .startsWith("model: ")
                .doesNotContain(folder.toString(), "secret", "etc");
    }

    @Test
    void refusesTenKilobytes() {
        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> root.resolve("calibration.text", "a/".repeat(5_000)))
                .startsWith("calibration.text: ")
                .hasSizeLessThan(200);
    }

    @Test
    void refusesALinkThatLeadsOutside() throws IOException {
        Files.createSymbolicLink(models.resolve("link"), folder.resolve("models-secret"));

        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> root.resolve("model", "link"))
                .doesNotContain("secret");
    }

    @Test
    void followsALinkInside() throws IOException {
        Files.createSymbolicLink(models.resolve("link"), llama);

        assertThat(root.resolve("model", "link")).isEqualTo(llama);
    }

    @ParameterizedTest
    @ValueSource(strings = {"org/gone", "%252e%252e", "org/my llama+1/config.json/x"})
    void saysThatNothingIsThere(String uri) {
        assertFails(ErrorCode.MODEL_NOT_FOUND, () -> root.resolve("model", uri))
                .startsWith("model: ")
                .doesNotContain(folder.toString());
    }

    @Test
    void asksForAPathWhereNoneIsGiven() {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> root.resolve("model", "")).startsWith("model: ");
    }
}
