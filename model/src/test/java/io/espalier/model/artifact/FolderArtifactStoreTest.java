package io.espalier.model.artifact;

import static io.espalier.model.Failures.assertFails;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FolderArtifactStoreTest {
    @TempDir
    Path folder;

    Path root;
    ArtifactStore store;

    @BeforeEach
    void makeStore() throws IOException {
        store = new FolderArtifactStore(folder.resolve("artifacts"));
        root = folder.resolve("artifacts").toRealPath();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pruned", "team/llama-0.34", "a_b.c", "prune-requests-0-17", "work2", "a/work"})
    void anOutputLiesInTheFolderOfItsName(String name) {
        store.requireFree("output", name, "job-1");

        store.commit(staged("job-1", "weights").name(), name, "job-1");

        assertThat(root.resolve(name).resolve("model.safetensors")).hasContent("weights");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "..", "../x", "a/../b", "/etc", "a//b", "a/", ".hidden", "a/.b", "a b", "a\\b", "file:x", "a%2e",
                "a\0"
            })
    void refusesAnOutputNameThatIsNoPlainPath(String name) {
        Staging staging = staged("job-1", "weights");

        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> store.requireFree("output", name, "job-1"))
                .startsWith("output: ");
        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> store.manifest("output", name));
        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> store.open(name));
        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> store.read(name, "model.safetensors"));
        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> store.commit(staging.name(), name, "job-1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"work", "reports", "work/x", "Work/x"})
    void refusesReservedOutputNames(String name) {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> store.requireFree("output", name, "job-1"))
                .contains("reserved");
    }

    @Test
    void whatWasMeasuredOfAModelIsFoundUnderItsKeyUnlessItIsDamaged() throws Exception {
        // Given
        String model = "a".repeat(64);
        store.leaveMeasured(model, "1".repeat(64), new byte[] {1, 2, 3});
        store.leaveMeasured(model, "2".repeat(64), new byte[] {4, 5, 6});
        Path damaged = root.resolve(".measured").resolve(model).resolve("2".repeat(64));
        byte[] bytes = Files.readAllBytes(damaged);
        bytes[bytes.length - 1]++;
        Files.write(damaged, bytes);

        // When
        Optional<byte[]> whole = store.measured(model, "1".repeat(64));
        Optional<byte[]> other = store.measured(model, "2".repeat(64));
        Optional<byte[]> none = store.measured(model, "3".repeat(64));

        // Then
        assertThat(whole).hasValueSatisfying(found -> assertThat(found).containsExactly(1, 2, 3));
        assertThat(other).isEmpty();
        assertThat(none).isEmpty();
    }

    @Test
    void refusesAnOutputBehindALinkThatLeadsOutside() throws IOException {
        Files.createDirectory(folder.resolve("outside"));
        Files.createSymbolicLink(root.resolve("link"), folder.resolve("outside"));

        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> store.requireFree("output", "link/x", "job-1"))
                .contains("link");
    }

    @Test
    void refusesAnOutputInsideAnotherArtifact() {
        store.commit(staged("job-1", "weights").name(), "pruned", "job-1");

        assertFails(ErrorCode.ALREADY_EXISTS, () -> store.requireFree("output", "pruned/x", "job-1"))
                .contains("another artifact");
    }

    @Test
    void anOutputIsFreeForTheJobWhoseArtifactHasIt() throws IOException {
        store.commit(staged("job-1", "weights").name(), "pruned", "job-1");
        Files.createDirectory(root.resolve("made-by-hand"));

        store.requireFree("output", "pruned", "job-1");

        assertFails(ErrorCode.ALREADY_EXISTS, () -> store.requireFree("output", "pruned", "job-2"))
                .startsWith("output \"pruned\" exists already");
        assertFails(ErrorCode.ALREADY_EXISTS, () -> store.requireFree("output", "made-by-hand", "job-1"))
                .startsWith("output \"made-by-hand\" exists already");
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", ".", "", "a/b", "a b", ".x"})
    void refusesAJobIdThatIsNoFileName(String jobId) {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> store.stage(jobId)).startsWith("request_id: ");
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> store.writeWork(jobId, "x", new byte[1]));
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> store.writeReport(jobId, "x", ""));
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> store.localPositionFolder(jobId, "chain"));
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> store.deleteWork(jobId));
    }

    @Test
    void writesAFileOnce() {
        byte[] bytes = "statistics".getBytes(UTF_8);

        StoredFile stored = store.writeWork("job-1", "collect/0.bin", bytes);
        StoredFile again = store.writeWork("job-1", "collect/0.bin", bytes);

        assertThat(stored)
                .isEqualTo(again)
                .isEqualTo(new StoredFile("work/job-1/collect/0.bin", Digests.sha256(bytes)));
        assertThat(store.read(stored)).isEqualTo(bytes);
        assertThat(root.resolve("work/job-1/collect")).isDirectoryNotContaining("glob:**.tmp");
        assertFails(ErrorCode.ALREADY_EXISTS, () -> store.writeWork("job-1", "collect/0.bin", "other".getBytes(UTF_8)))
                .contains("work/job-1/collect/0.bin");
    }

    @Test
    void manyWorkersMayWriteTheSameFileAtOnce() {
        byte[] bytes = TinyCheckpoint.counting(100_000);

        assertThat(IntStream.range(0, 32)
                        .parallel()
                        .mapToObj(i -> store.writeWork("job-1", "x", bytes))
                        .distinct())
                .hasSize(1);
        assertThat(root.resolve("work/job-1/x")).hasBinaryContent(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x", "../../x", ".", "/etc/x"})
    void refusesToWriteOutsideTheWorkOfTheJob(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.writeWork("job-1", name, new byte[1]))
                .withMessageContaining("inside the work folder");
    }

    @Test
    void noticesBytesThatChangedOrWent() throws IOException {
        StoredFile stored = store.writeWork("job-1", "x", "statistics".getBytes(UTF_8));
        Files.writeString(root.resolve("work/job-1/x"), "statistic");

        assertFails(ErrorCode.MODEL_CORRUPT, () -> store.read(stored)).contains("work/job-1/x");
        store.deleteWork("job-1");
        assertFails(ErrorCode.MODEL_NOT_FOUND, () -> store.read(stored)).contains("work/job-1/x");
        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> store.read(new StoredFile("../../x", "")));
    }

    @Test
    void commitsAStagedArtifactOnce() {
        Staging staging = staged("job-1", "weights");

        String visible = store.commit(staging.name(), "team/pruned", "job-1");
        String again = store.commit(staging.name(), "team/pruned", "job-1");

        assertThat(again).isEqualTo(visible).isEqualTo(Digests.sha256(root.resolve("team/pruned/manifest.json")));
        assertThat(root.resolve("team/pruned/model.safetensors")).hasContent("weights");
        assertThat(root.resolve(staging.name())).doesNotExist();
        assertThat(store.manifest("output", "team/pruned")).map(Manifest::jobId).contains("job-1");
    }

    @Test
    void aSecondStagingOfACommittedJobIsDroppedAndTheFirstOnesManifestReported() {
        String first = store.commit(staged("job-1", "weights").name(), "pruned", "job-1");
        Staging staging = staged("job-1", "other weights");

        String visible = store.commit(staging.name(), "pruned", "job-1");

        assertThat(visible).isEqualTo(first);
        assertThat(root.resolve("pruned/model.safetensors")).hasContent("weights");
        assertThat(root.resolve(staging.name())).doesNotExist();
    }

    @Test
    void twoStagingsOfAJobDoNotMeet() {
        Staging one = staged("job-1", "one");
        Staging other = staged("job-1", "other");

        store.commit(one.name(), "pruned", "job-1");

        assertThat(root.resolve("pruned/model.safetensors")).hasContent("one");
        assertThat(root.resolve(other.name()).resolve("model.safetensors")).hasContent("other");
    }

    @Test
    void keepsAnArtifactOfAnotherJob() {
        store.commit(staged("job-1", "first").name(), "pruned", "job-1");
        Staging second = staged("job-2", "second");

        assertFails(ErrorCode.ALREADY_EXISTS, () -> store.commit(second.name(), "pruned", "job-2"))
                .contains("pruned");
        assertThat(root.resolve("pruned/model.safetensors")).hasContent("first");
    }

    @Test
    void ofManyJobsWithOneOutputExactlyOneCommits() {
        Map<String, Staging> jobs = IntStream.range(0, 16)
                .mapToObj(i -> "job-" + i)
                .collect(Collectors.toMap(job -> job, job -> staged(job, job)));

        List<String> winners = jobs.keySet().parallelStream()
                .filter(job -> {
                    try {
                        store.commit(Objects.requireNonNull(jobs.get(job)).name(), "pruned", job);
                        return true;
                    } catch (EspalierException e) {
                        assertThat(e.code()).isEqualTo(ErrorCode.ALREADY_EXISTS);
                        return false;
                    }
                })
                .toList();

        assertThat(winners).hasSize(1);
        assertThat(root.resolve("pruned/model.safetensors")).hasContent(winners.get(0));
    }

    @Test
    void doesNotCommitWithoutAManifest() {
        Staging staging = store.stage("job-1");
        staging.write("model.safetensors", new byte[1]);

        assertFails(ErrorCode.MODEL_NOT_FOUND, () -> store.commit(staging.name(), "pruned", "job-1"))
                .contains("manifest.json");
        assertThat(root.resolve("pruned")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"../outside", "pruned", "/etc", "work/../pruned"})
    void commitsNothingThatWasNotStaged(String name) {
        store.commit(staged("job-1", "weights").name(), "pruned", "job-1");

        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> store.commit(name, "again", "job-1"))
                .startsWith("staging: ");
        assertThat(root.resolve("pruned")).exists();
    }

    @Test
    void readsTheFilesOfAnArtifactThatItsManifestVouchesFor() throws IOException {
        store.commit(staged("job-1", "weights").name(), "team/pruned", "job-1");

        assertThat(store.read("team/pruned", "sub/extra")).isEqualTo("x".getBytes(UTF_8));
        assertFails(ErrorCode.MODEL_NOT_FOUND, () -> store.read("team/pruned", "absent"))
                .contains("absent");
        Files.writeString(root.resolve("team/pruned/sub/extra"), "y");
        assertFails(ErrorCode.MODEL_CORRUPT, () -> store.read("team/pruned", "sub/extra"))
                .contains("team/pruned/sub/extra");
    }

    @Test
    void whereNoArtifactIsThereIsNoManifest() throws IOException {
        Files.createDirectory(root.resolve("made-by-hand"));

        assertThat(store.manifest("output", "made-by-hand")).isEmpty();
        assertThat(store.manifest("output", "nowhere")).isEmpty();
    }

    @Test
    void aPassFindsItsPositionWhereItsPredecessorLeftIt() throws IOException {
        Path position = store.localPositionFolder("job-1", "chain");
        Files.writeString(Files.createDirectories(position).resolve("hidden"), "state");

        Path found = new FolderArtifactStore(root).localPositionFolder("job-1", "chain");

        assertThat(found.resolve("hidden")).hasContent("state");
        store.deleteWork("job-1");
        assertThat(position).doesNotExist();
    }

    @Test
    void deletesTheWorkOfAJobAndNothingBehindALink() throws IOException {
        Path outside = Files.createFile(
                Files.createDirectory(folder.resolve("outside")).resolve("kept"));
        store.writeWork("job-1", "a/b", new byte[3]);
        StoredFile others = store.writeWork("job-2", "a", new byte[3]);
        Files.createSymbolicLink(root.resolve("work/job-1/link"), outside.getParent());

        store.deleteWork("job-1");
        store.deleteWork("job-1");

        assertThat(root.resolve("work/job-1")).doesNotExist();
        assertThat(store.read(others)).hasSize(3);
        assertThat(outside).exists();
    }

    @Test
    void aManifestIsReadBackAsItWasWritten() throws IOException {
        Path staging = root.resolve(staged("job-1", "weights").name());
        Manifest manifest = Manifest.read(staging);

        String digest = manifest.write(staging);

        assertThat(Manifest.read(staging)).isEqualTo(manifest);
        assertThat(Digests.sha256(staging.resolve(Manifest.FILE))).isEqualTo(digest);
        assertThat(manifest.files()).containsOnlyKeys("model.safetensors", "sub/extra");
        assertThat(Files.readString(staging.resolve(Manifest.FILE)))
                .containsSubsequence("job_id", "request", "inputs", "calibration", "model", "files", "seed", "layers")
                .containsSubsequence("kv_heads", "profile", "profile_reason", "repairs", "code_version");
    }

    @Test
    void aRecoveredManifestTellsOfTheTrainingAndKeepsTheRest() {
        Manifest pruned =
                store.staged(staged("job-1", "weights").name(), "job-1").manifest();
        ObjectNode how = JsonNodeFactory.instance.objectNode().put("windows", 8);

        Manifest recovered = pruned.recovered(new TreeMap<>(Map.of("model.safetensors", "33")), how, "0.2.0");

        assertThat(new String(pruned.toJson(), UTF_8)).doesNotContain("recovery");
        assertThat(recovered.recovery()).isEqualTo(how);
        assertThat(recovered.files()).containsOnlyKeys("model.safetensors");
        assertThat(recovered.codeVersion()).isEqualTo("0.2.0");
        assertThat(recovered.request()).isEqualTo(pruned.request());
    }

    @Test
    void whatIsStagedIsReadBeforeItIsCommitted() {
        String staging = staged("job-1", "weights").name();

        Staged staged = store.staged(staging, "job-1");

        assertThat(staged.read("model.safetensors")).isEqualTo("weights".getBytes(UTF_8));
        assertThat(staged.manifest().jobId()).isEqualTo("job-1");
        assertFails(ErrorCode.MODEL_NOT_FOUND, () -> staged.read("absent")).contains("absent");
    }

    @Test
    void aStagedFileWhoseBytesChangedIsRefused() throws IOException {
        String staging = staged("job-1", "weights").name();
        Files.writeString(root.resolve(staging).resolve("sub/extra"), "y");

        Staged staged = store.staged(staging, "job-1");

        assertFails(ErrorCode.MODEL_CORRUPT, () -> staged.read("sub/extra")).contains("sub/extra");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"..", "elsewhere", "work", "work/job-1/staging/../../job-2/staging/a", "work/job-2/staging/a"})
    void whatLiesOutsideTheJobsStagingIsNotRead(String staging) {
        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> store.staged(staging, "job-1"))
                .contains("staging");
    }

    @Test
    void aStagingWithoutAManifestIsNotRead() {
        String unfinished = store.stage("job-1").name();

        assertFails(ErrorCode.MODEL_NOT_FOUND, () -> store.staged(unfinished, "job-1"))
                .contains("manifest.json");
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

    private Staging staged(String jobId, String weights) {
        Staging staging = store.stage(jobId);
        staging.write("model.safetensors", weights.getBytes(UTF_8));
        staging.write("sub/extra", "x".getBytes(UTF_8));
        JsonNodeFactory json = JsonNodeFactory.instance;
        staging.finish(new Manifest(
                jobId,
                json.objectNode().put("model", "llama"),
                new TreeMap<>(Map.of("model", "11", "calibration", "22")),
                staging.files(Map.of()),
                42,
                List.of(new LayerShape(4, 2, 8, 32)),
                Profile.UNIFORM.wireName(),
                "every layer has one shape",
                json.arrayNode().addObject().put("ffn_error", 0.5),
                new TreeMap<>(),
                List.of(),
                "0.1.0",
                new TreeMap<>(Map.of("device", "cpu")),
                null));
        return staging;
    }
}
