package io.espalier.model.artifact;

import static io.espalier.model.Failures.assertFails;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Profile;
import io.espalier.model.checkpoint.TinyCheckpoint;
import io.espalier.model.file.Digests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArtifactStoreTest {
    @TempDir
    Path folder;

    ArtifactStore store;

    @BeforeEach
    void makeStore() {
        store = new ArtifactStore(folder.resolve("artifacts"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"pruned", "team/llama-0.34", "a_b.c", "prune-requests-0-17", "work2", "a/work"})
    void acceptsAnOutputName(String name) {
        assertThat(store.output(name)).isEqualTo(store.root().resolve(name));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "..", "../x", "a/../b", "/etc", "a//b", "a/", ".hidden", "a/.b", "a b", "a\\b", "file:x", "a%2e",
                "a\0"
            })
    void refusesAnOutputNameThatIsNoPlainPath(String name) {
        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> store.output(name)).startsWith("output: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"work", "reports", "work/x", "Work/x"})
    void refusesReservedOutputNames(String name) {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> store.output(name)).contains("reserved");
    }

    @Test
    void refusesAnOutputBehindALinkThatLeadsOutside() throws IOException {
        Files.createDirectory(folder.resolve("outside"));
        Files.createSymbolicLink(store.root().resolve("link"), folder.resolve("outside"));

        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> store.output("link/x")).contains("link");
    }

    @Test
    void refusesAnOutputInsideAnotherArtifact() {
        store.commit(staged("job-1", "weights"), "pruned", "job-1");

        assertFails(ErrorCode.ALREADY_EXISTS, () -> store.output("pruned/x")).contains("another artifact");
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", ".", "", "a/b", "a b", ".x"})
    void refusesAJobIdThatIsNoFileName(String jobId) {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> store.work(jobId)).startsWith("request_id: ");
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> store.deleteWork(jobId));
    }

    @Test
    void writesAFileOnce() {
        Path file = store.work("job-1").resolve("collect/0.bin");
        byte[] bytes = "statistics".getBytes(UTF_8);

        StoredFile stored = store.writeOnce(file, bytes);
        StoredFile again = store.writeOnce(file, bytes);

        assertThat(stored)
                .isEqualTo(again)
                .isEqualTo(new StoredFile("work/job-1/collect/0.bin", Digests.sha256(bytes)));
        assertThat(store.read(stored)).isEqualTo(bytes);
        assertThat(file.getParent()).isDirectoryNotContaining("glob:**.tmp");
        assertFails(ErrorCode.ALREADY_EXISTS, () -> store.writeOnce(file, "other".getBytes(UTF_8)))
                .contains("work/job-1/collect/0.bin");
    }

    @Test
    void manyWorkersMayWriteTheSameFileAtOnce() {
        byte[] bytes = TinyCheckpoint.counting(100_000);
        Path file = store.work("job-1").resolve("x");

        assertThat(IntStream.range(0, 32)
                        .parallel()
                        .mapToObj(i -> store.writeOnce(file, bytes))
                        .distinct())
                .hasSize(1);
        assertThat(file).hasBinaryContent(bytes);
    }

    @Test
    void refusesToWriteOutside() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.writeOnce(store.root().resolve("../x"), new byte[1]))
                .withMessageContaining("inside the artifact root");
    }

    @Test
    void noticesBytesThatChangedOrWent() throws IOException {
        StoredFile stored = store.writeOnce(Path.of("work/job-1/x"), "statistics".getBytes(UTF_8));
        Files.writeString(store.root().resolve("work/job-1/x"), "statistic");

        assertFails(ErrorCode.MODEL_CORRUPT, () -> store.read(stored)).contains("work/job-1/x");
        store.deleteWork("job-1");
        assertFails(ErrorCode.MODEL_NOT_FOUND, () -> store.read(stored)).contains("work/job-1/x");
        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> store.read(new StoredFile("../../x", "")));
    }

    @Test
    void commitsAStagedArtifactOnce() {
        Path staging = staged("job-1", "weights");

        Path artifact = store.commit(staging, "team/pruned", "job-1");
        Path again = store.commit(staging, "team/pruned", "job-1");

        assertThat(again).isEqualTo(artifact).isEqualTo(store.output("team/pruned"));
        assertThat(artifact.resolve("model.safetensors")).hasContent("weights");
        assertThat(staging).doesNotExist();
        assertThat(ArtifactStore.holds(artifact, "job-1")).isTrue();
        assertThat(ArtifactStore.holds(artifact, "job-2")).isFalse();
    }

    @Test
    void aSecondStagingOfACommittedJobIsDropped() {
        store.commit(staged("job-1", "weights"), "pruned", "job-1");
        Path staging = staged("job-1", "weights");

        Path artifact = store.commit(staging, "pruned", "job-1");

        assertThat(artifact.resolve("model.safetensors")).hasContent("weights");
        assertThat(staging).doesNotExist();
    }

    @Test
    void keepsAnArtifactOfAnotherJob() {
        store.commit(staged("job-1", "first"), "pruned", "job-1");

        assertFails(ErrorCode.ALREADY_EXISTS, () -> store.commit(staged("job-2", "second"), "pruned", "job-2"))
                .contains("pruned");
        assertThat(store.output("pruned").resolve("model.safetensors")).hasContent("first");
    }

    @Test
    void ofManyJobsWithOneOutputExactlyOneCommits() {
        List<String> jobs = IntStream.range(0, 16).mapToObj(i -> "job-" + i).toList();
        jobs.forEach(job -> staged(job, job));

        List<String> winners = jobs.parallelStream()
                .filter(job -> {
                    try {
                        store.commit(store.staging(job), "pruned", job);
                        return true;
                    } catch (EspalierException e) {
                        assertThat(e.code()).isEqualTo(ErrorCode.ALREADY_EXISTS);
                        return false;
                    }
                })
                .toList();

        assertThat(winners).hasSize(1);
        assertThat(store.output("pruned").resolve("model.safetensors")).hasContent(winners.get(0));
    }

    @Test
    void doesNotCommitWithoutAManifest() throws IOException {
        Path staging = Files.createDirectories(store.staging("job-1"));

        assertFails(ErrorCode.MODEL_NOT_FOUND, () -> store.commit(staging, "pruned", "job-1"))
                .contains("manifest.json");
        assertThat(store.output("pruned")).doesNotExist();
    }

    @Test
    void deletesTheWorkOfAJobAndNothingBehindALink() throws IOException {
        Path outside = Files.createFile(
                Files.createDirectory(folder.resolve("outside")).resolve("kept"));
        store.writeOnce(store.work("job-1").resolve("a/b"), new byte[3]);
        store.writeOnce(store.work("job-2").resolve("a"), new byte[3]);
        Files.createSymbolicLink(store.work("job-1").resolve("link"), outside.getParent());

        store.deleteWork("job-1");
        store.deleteWork("job-1");

        assertThat(store.work("job-1")).doesNotExist();
        assertThat(store.work("job-2")).exists();
        assertThat(outside).exists();
    }

    @Test
    void aManifestIsReadBackAsItWasWritten() throws IOException {
        Path staging = staged("job-1", "weights");
        Manifest manifest = Manifest.read(staging);

        String digest = manifest.write(staging);

        assertThat(Manifest.read(staging)).isEqualTo(manifest);
        assertThat(Digests.sha256(staging.resolve(Manifest.FILE))).isEqualTo(digest);
        assertThat(manifest.files()).containsOnlyKeys("model.safetensors", "sub/extra");
        assertThat(Files.readString(staging.resolve(Manifest.FILE)))
                .containsSubsequence("job_id", "request", "inputs", "calibration", "model", "files", "seed", "layers")
                .containsSubsequence("kv_heads", "profile", "profile_reason", "repairs", "code_version");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"job_id\":1}", "{\"job_id\":\"x\",\"layers\":[{\"heads\":0}]}", "[]", "x"})
    void refusesAManifestOfAnotherForm(String json) throws IOException {
        Files.writeString(folder.resolve(Manifest.FILE), json);

        assertFails(ErrorCode.MODEL_CORRUPT, () -> Manifest.read(folder)).startsWith(Manifest.FILE);
    }

    @Test
    void digestsAreThoseOfTheStandardTool() throws IOException {
        Path file = Files.writeString(folder.resolve("abc"), "abc");

        assertThat(Digests.sha256(file))
                .isEqualTo(Digests.sha256("abc".getBytes(UTF_8)))
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assertThat(Digests.sha256(List.of(file)))
                .isEqualTo(Digests.sha256((Digests.sha256(file) + "  abc\n").getBytes(UTF_8)));
    }

    private Path staged(String jobId, String weights) {
        try {
            Path staging = Files.createDirectories(store.staging(jobId));
            Files.writeString(staging.resolve("model.safetensors"), weights);
            Files.writeString(Files.createDirectories(staging.resolve("sub")).resolve("extra"), "x");
            JsonNodeFactory json = JsonNodeFactory.instance;
            new Manifest(
                            jobId,
                            json.objectNode().put("model", "llama"),
                            new TreeMap<>(Map.of("model", "11", "calibration", "22")),
                            Manifest.filesOf(staging),
                            42,
                            List.of(new LayerShape(4, 2, 8, 32)),
                            Profile.UNIFORM.wireName(),
                            "every layer has one shape",
                            json.arrayNode().addObject().put("ffn_error", 0.5),
                            new TreeMap<>(),
                            List.of(),
                            "0.1.0",
                            new TreeMap<>(Map.of("device", "cpu")))
                    .write(staging);
            return staging;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
