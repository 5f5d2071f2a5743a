package io.espalier.model.artifact;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.file.Digests;
import io.espalier.model.file.DiskSpace;
import io.espalier.model.file.DurableFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * An artifact store in a folder that all workers share.
 *
 * <pre>
 * &lt;root&gt;/&lt;output&gt;/        a finished artifact with its manifest
 * &lt;root&gt;/work/&lt;job&gt;/      what workers of a job hand each other; deleted at its end
 * &lt;root&gt;/reports/&lt;job&gt;/   measurements, which hold clock times
 * &lt;root&gt;/.measured/&lt;model&gt;/   what was measured of a dense model, for later jobs
 * </pre>
 */
public final class FolderArtifactStore implements ArtifactStore {
    private static final String WORK = "work";
    private static final String STAGING = "staging";
    private static final String REPORTS = "reports";
    /** No artifact can have this name, as it begins with a dot. */
    private static final String MEASURED = ".measured";

    private static final int MAX_NAME_CHARS = 512;
    private static final int DIGEST_CHARS = 64;
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern SEGMENT = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}");

    private final Path root;

    /** @param root made if absent */
    public FolderArtifactStore(Path root) {
        try {
            Files.createDirectories(root);
            this.root = root.toRealPath();
        } catch (IOException e) {
            throw DiskSpace.failure(root, e);
        }
    }

    @Override
    public void requireFree(String field, String output, String jobId) {
        Path folder = output(field, output);
        if (Files.exists(folder) && !holds(folder, jobId)) {
            throw new EspalierException(
                    ErrorCode.ALREADY_EXISTS, field + " \"" + output + "\" exists already; choose another name");
        }
    }

    @Override
    public Optional<Manifest> manifest(String field, String output) {
        Path folder = output(field, output);
        return hasManifest(folder) ? Optional.of(Manifest.read(folder)) : Optional.empty();
    }

    @Override
    public Checkpoint open(String output) {
        return Checkpoint.open(output(output));
    }

    /** Folder of a finished artifact, whether it is there or not; errors for its name as {@link #requireFree}. */
    private Path output(String name) {
        return output("output", name);
    }

    private Path output(String field, String name) {
        List<String> segments = Arrays.asList(name.split("/", -1));
        if (name.length() > MAX_NAME_CHARS
                || !segments.stream().allMatch(s -> SEGMENT.matcher(s).matches())) {
            throw new EspalierException(
                    ErrorCode.MODEL_URI_FORBIDDEN,
                    field + ": must be a relative path of names in [A-Za-z0-9._-] that do not begin with a dot");
        }
        if (segments.get(0).equalsIgnoreCase(WORK) || segments.get(0).equalsIgnoreCase(REPORTS)) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT, field + ": \"work\" and \"reports\" are reserved; choose another name");
        }
        Path folder = root;
        for (String segment : segments) {
            if (!folder.equals(root) && Files.exists(folder.resolve(Manifest.FILE))) {
                throw new EspalierException(
                        ErrorCode.ALREADY_EXISTS, field + ": lies inside another artifact; choose another name");
            }
            folder = folder.resolve(segment);
            if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS) && !realInside(folder)) {
                throw new EspalierException(
                        ErrorCode.MODEL_URI_FORBIDDEN, field + ": a link that leads outside the artifact root");
            }
        }
        return folder;
    }

    private boolean realInside(Path folder) {
        try {
            return folder.toRealPath().startsWith(root);
        } catch (IOException e) {
            return false;
        }
    }

    /** Folder of what the workers of a job hand each other. */
    private Path work(String jobId) {
        return root.resolve(WORK).resolve(segment(jobId));
    }

    @Override
    public Path localPositionFolder(String jobId, String task) {
        return work(jobId).resolve(task);
    }

    @Override
    public String writeReport(String jobId, String name, String text) {
        Path file = root.resolve(REPORTS).resolve(segment(jobId)).resolve(name);
        DurableFile.write(file, text.getBytes(StandardCharsets.UTF_8));
        return relative(file);
    }

    @Override
    public Optional<byte[]> measured(String model, String key) {
        Path file = measuredFile(model, key);
        try {
            byte[] stored = Files.readAllBytes(file);
            byte[] bytes = Arrays.copyOfRange(stored, Math.min(DIGEST_CHARS, stored.length), stored.length);
            boolean whole = stored.length >= DIGEST_CHARS
                    && Digests.sha256(bytes).equals(new String(stored, 0, DIGEST_CHARS, StandardCharsets.US_ASCII));
            return whole ? Optional.of(bytes) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public void leaveMeasured(String model, String key, byte[] bytes) {
        byte[] digest = Digests.sha256(bytes).getBytes(StandardCharsets.US_ASCII);
        byte[] stored = Arrays.copyOf(digest, digest.length + bytes.length);
        System.arraycopy(bytes, 0, stored, digest.length, bytes.length);
        DurableFile.write(measuredFile(model, key), stored);
    }

    private Path measuredFile(String model, String key) {
        if (!DIGEST.matcher(model).matches() || !DIGEST.matcher(key).matches()) {
            throw new IllegalArgumentException("measurements are kept under digests");
        }
        return root.resolve(MEASURED).resolve(model).resolve(key);
    }

    private static String segment(String jobId) {
        if (!SEGMENT.matcher(jobId).matches()) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "request_id: must be 1 to 128 characters of [A-Za-z0-9._-] and not begin with a dot");
        }
        return jobId;
    }

    @Override
    public StoredFile writeWork(String jobId, String name, byte[] bytes) {
        Path folder = work(jobId);
        Path target = folder.resolve(name).normalize();
        if (!target.startsWith(folder) || target.equals(folder)) {
            throw new IllegalArgumentException("a write-once file must lie inside the work folder of its job");
        }
        StoredFile stored = new StoredFile(relative(target), Digests.sha256(bytes));
        if (!Files.exists(target)) {
            DurableFile.write(target, bytes);
        } else if (!Digests.sha256(target).equals(stored.sha256())) {
            throw new EspalierException(
                    ErrorCode.ALREADY_EXISTS, stored.path() + ": is there with other bytes and is never rewritten");
        }
        return stored;
    }

    private String relative(Path path) {
        return root.relativize(path).toString().replace('\\', '/');
    }

    @Override
    public byte[] read(StoredFile file) {
        Path path = located(file);
        try {
            byte[] bytes = Files.readAllBytes(path);
            if (!Digests.sha256(bytes).equals(file.sha256())) {
                throw corrupt(file);
            }
            return bytes;
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, file.path() + ": cannot be read", e);
        }
    }

    private Path located(StoredFile file) {
        Path path = root.resolve(file.path()).normalize();
        if (!path.startsWith(root)) {
            throw outside();
        }
        if (!Files.isRegularFile(path)) {
            throw new EspalierException(ErrorCode.MODEL_NOT_FOUND, file.path() + ": is not in the artifact store");
        }
        if (!realInside(path)) {
            throw outside();
        }
        return path;
    }

    private static EspalierException outside() {
        return new EspalierException(ErrorCode.MODEL_URI_FORBIDDEN, "a stored file outside the artifact root");
    }

    @Override
    public byte[] read(String output, String file) {
        Path folder = output(output);
        return new FolderStaged(output, folder, Manifest.read(folder), this::read).read(file);
    }

    private static EspalierException corrupt(StoredFile file) {
        return new EspalierException(ErrorCode.MODEL_CORRUPT, file.path() + ": its bytes changed after it was written");
    }

    /** Each staging is a folder of its own: two workers on one task, one given up for dead, do not meet in it. */
    @Override
    public Staging stage(String jobId) {
        Path folder = work(jobId).resolve(STAGING).resolve(UUID.randomUUID().toString());
        return new FolderStaging(relative(folder), folder);
    }

    @Override
    public Staged staged(String staging, String jobId) {
        Path folder = stagingFolder(staging);
        if (!folder.startsWith(work(jobId).resolve(STAGING)) || (Files.exists(folder) && !realInside(folder))) {
            throw outsideWork();
        }
        return new FolderStaged(relative(folder), folder, manifestOf(folder, jobId), this::read);
    }

    private Path stagingFolder(String staging) {
        Path folder = root.resolve(staging).normalize();
        if (!folder.startsWith(root.resolve(WORK))) {
            throw outsideWork();
        }
        return folder;
    }

    private static EspalierException outsideWork() {
        return new EspalierException(ErrorCode.MODEL_URI_FORBIDDEN, "staging: lies outside the work folder");
    }

    private static Manifest manifestOf(Path staged, String jobId) {
        Manifest manifest = Manifest.read(staged);
        if (!manifest.jobId().equals(jobId)) {
            throw new EspalierException(ErrorCode.INTERNAL, "staging: its manifest names another job than " + jobId);
        }
        return manifest;
    }

    @Override
    public String commit(String staging, String output, String jobId) {
        Path target = output(output);
        Path staged = stagingFolder(staging);
        try {
            if (!Files.exists(target)) {
                manifestOf(staged, jobId);
                DurableFile.forceTree(staged);
                Path parent = Objects.requireNonNull(target.getParent());
                Files.createDirectories(parent);
                if (move(staged, target)) {
                    forceRename(staged, target);
                }
            }
            if (!holds(target, jobId)) {
                throw new EspalierException(
                        ErrorCode.ALREADY_EXISTS, "output: \"" + output + "\" exists already; choose another name");
            }
            DurableFile.deleteTree(staged);
            return Digests.sha256(target.resolve(Manifest.FILE));
        } catch (IOException e) {
            throw DiskSpace.failure(target, e);
        }
    }

    /** @return false if another call was faster */
    private static boolean move(Path staging, Path target) throws IOException {
        try {
            Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (FileSystemException e) {
            // Lost a race: the name is judged by what lies there now.
            if (!Files.exists(target)) {
                throw e;
            }
            return false;
        }
    }

    /** Makes a rename durable, or takes it back: a commit that fails leaves nothing visible. */
    private static void forceRename(Path staging, Path target) throws IOException {
        try {
            DurableFile.forceFolder(Objects.requireNonNull(target.getParent()));
        } catch (IOException e) {
            try {
                Files.move(target, staging, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
    }

    /** Whether a folder is the finished artifact of a job. */
    private static boolean holds(Path folder, String jobId) {
        return hasManifest(folder) && jobOf(folder).equals(jobId);
    }

    private static boolean hasManifest(Path folder) {
        return Files.isRegularFile(folder.resolve(Manifest.FILE));
    }

    private static String jobOf(Path folder) {
        return Manifest.read(folder).jobId();
    }

    @Override
    public long bytes() {
        try {
            return DurableFile.treeBytes(root);
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, "the artifact store cannot be measured", e);
        }
    }

    @Override
    public void deleteWork(String jobId) {
        try {
            DurableFile.deleteTree(work(jobId));
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, "work/" + jobId + ": cannot be deleted", e);
        }
    }
}
