package io.espalier.model.artifact;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
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
import java.util.regex.Pattern;

/**
 * The folder shared by all workers.
 *
 * <pre>
 * &lt;root&gt;/&lt;output&gt;/        a finished artifact with its manifest
 * &lt;root&gt;/work/&lt;job&gt;/      what workers of a job hand each other; deleted at its end
 * &lt;root&gt;/reports/&lt;job&gt;/   measurements, which hold clock times
 * </pre>
 */
public final class ArtifactStore {
    private static final String WORK = "work";
    private static final String REPORTS = "reports";
    private static final int MAX_NAME_CHARS = 512;
    private static final Pattern SEGMENT = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}");

    private final Path root;

    /** @param root made if absent */
    public ArtifactStore(Path root) {
        try {
            Files.createDirectories(root);
            this.root = root.toRealPath();
        } catch (IOException e) {
            throw DiskSpace.failure(root, e);
        }
    }

    public Path root() {
        return root;
    }

    /**
     * Folder of a finished artifact, whether it is there or not.
     *
     * @param name one or more segments of {@code [A-Za-z0-9._-]}, none beginning with a dot
     * @throws EspalierException {@code MODEL_URI_FORBIDDEN} for any other name or a link that leads outside;
     *     {@code INVALID_ARGUMENT} for a reserved name; {@code ALREADY_EXISTS} inside another artifact
     */
    public Path output(String name) {
        List<String> segments = Arrays.asList(name.split("/", -1));
        if (name.length() > MAX_NAME_CHARS
                || !segments.stream().allMatch(s -> SEGMENT.matcher(s).matches())) {
            throw new EspalierException(
                    ErrorCode.MODEL_URI_FORBIDDEN,
                    "output: must be a relative path of names in [A-Za-z0-9._-] that do not begin with a dot");
        }
        if (segments.get(0).equalsIgnoreCase(WORK) || segments.get(0).equalsIgnoreCase(REPORTS)) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT, "output: \"work\" and \"reports\" are reserved; choose another name");
        }
        Path folder = root;
        for (String segment : segments) {
            if (!folder.equals(root) && Files.exists(folder.resolve(Manifest.FILE))) {
                throw new EspalierException(
                        ErrorCode.ALREADY_EXISTS, "output: lies inside another artifact; choose another name");
            }
            folder = folder.resolve(segment);
            if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS) && !realInside(folder)) {
                throw new EspalierException(
                        ErrorCode.MODEL_URI_FORBIDDEN, "output: a link that leads outside the artifact root");
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

    /** Folder of what a job's workers hand each other. */
    public Path work(String jobId) {
        return root.resolve(WORK).resolve(segment(jobId));
    }

    /** Where a job's artifact is put together before it is committed. */
    public Path staging(String jobId) {
        return work(jobId).resolve("staging");
    }

    /** Folder of a job's measurements. */
    public Path reports(String jobId) {
        return root.resolve(REPORTS).resolve(segment(jobId));
    }

    /** Writes or replaces a file among a job's measurements. */
    public void writeReport(String jobId, String name, String text) {
        DurableFile.write(reports(jobId).resolve(name), text.getBytes(StandardCharsets.UTF_8));
    }

    private static String segment(String jobId) {
        if (!SEGMENT.matcher(jobId).matches()) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "request_id: must be 1 to 128 characters of [A-Za-z0-9._-] and not begin with a dot");
        }
        return jobId;
    }

    /**
     * Writes a file that is there completely or not at all. Writing the same bytes again changes nothing.
     *
     * @param file inside the root
     * @throws EspalierException {@code ALREADY_EXISTS} when other bytes are there, {@code DISK_FULL}
     */
    public StoredFile writeOnce(Path file, byte[] bytes) {
        Path target = root.resolve(file).normalize();
        if (!target.startsWith(root) || target.equals(root)) {
            throw new IllegalArgumentException("a write-once file must lie inside the artifact root");
        }
        StoredFile stored =
                new StoredFile(root.relativize(target).toString().replace('\\', '/'), Digests.sha256(bytes));
        if (!Files.exists(target)) {
            DurableFile.write(target, bytes);
        } else if (!Digests.sha256(target).equals(stored.sha256())) {
            throw new EspalierException(
                    ErrorCode.ALREADY_EXISTS, stored.path() + ": is there with other bytes and is never rewritten");
        }
        return stored;
    }

    /**
     * Path of a write-once file whose bytes are as they were written.
     *
     * @throws EspalierException {@code MODEL_NOT_FOUND}, {@code MODEL_CORRUPT}, or {@code MODEL_URI_FORBIDDEN}
     */
    public Path verified(StoredFile file) {
        Path path = root.resolve(file.path()).normalize();
        if (!path.startsWith(root)) {
            throw new EspalierException(ErrorCode.MODEL_URI_FORBIDDEN, "a stored file outside the artifact root");
        }
        if (!Files.isRegularFile(path)) {
            throw new EspalierException(ErrorCode.MODEL_NOT_FOUND, file.path() + ": is not in the artifact store");
        }
        if (!realInside(path)) {
            throw new EspalierException(ErrorCode.MODEL_URI_FORBIDDEN, "a stored file outside the artifact root");
        }
        if (!Digests.sha256(path).equals(file.sha256())) {
            throw corrupt(file);
        }
        return path;
    }

    /** Bytes of a write-once file; errors as {@link #verified}. */
    public byte[] read(StoredFile file) {
        Path path = verified(file);
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

    /**
     * A file of a finished artifact, with the bytes its manifest vouches for.
     *
     * @throws EspalierException {@code MODEL_NOT_FOUND} when there is no such artifact or file; otherwise as
     *     {@link #verified}
     */
    public byte[] readArtifact(String output, String file) {
        String sha256 = Manifest.read(output(output)).files().get(file);
        if (sha256 == null) {
            throw new EspalierException(ErrorCode.MODEL_NOT_FOUND, output + ": the artifact holds no " + file);
        }
        return read(new StoredFile(output + "/" + file, sha256));
    }

    private static EspalierException corrupt(StoredFile file) {
        return new EspalierException(ErrorCode.MODEL_CORRUPT, file.path() + ": its bytes changed after it was written");
    }

    /**
     * Makes a staged artifact visible under its name, all at once. Doing so again for the same job changes nothing.
     *
     * @param staging folder with its manifest, on the same file system
     * @return the artifact's folder
     * @throws EspalierException {@code ALREADY_EXISTS} when another artifact has the name
     */
    public Path commit(Path staging, String output, String jobId) {
        Path target = output(output);
        try {
            if (!Files.exists(target)) {
                if (!jobOf(staging).equals(jobId)) {
                    throw new EspalierException(
                            ErrorCode.INTERNAL, "staging: its manifest names another job than " + jobId);
                }
                DurableFile.forceTree(staging);
                Path parent = Objects.requireNonNull(target.getParent());
                Files.createDirectories(parent);
                move(staging, target);
                DurableFile.forceFolder(parent);
            }
            if (!holds(target, jobId)) {
                throw new EspalierException(
                        ErrorCode.ALREADY_EXISTS, "output: \"" + output + "\" exists already; choose another name");
            }
            DurableFile.deleteTree(staging);
            return target;
        } catch (IOException e) {
            throw DiskSpace.failure(target, e);
        }
    }

    private static void move(Path staging, Path target) throws IOException {
        try {
            Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            // Lost a race: the name is judged by what lies there now.
            if (!Files.exists(target)) {
                throw e;
            }
        }
    }

    /** Whether a folder is the finished artifact of a job. */
    public static boolean holds(Path folder, String jobId) {
        return Files.isRegularFile(folder.resolve(Manifest.FILE))
                && jobOf(folder).equals(jobId);
    }

    private static String jobOf(Path folder) {
        return Manifest.read(folder).jobId();
    }

    /** Deletes everything a job's workers handed each other. Nothing happens when it is gone. */
    public void deleteWork(String jobId) {
        try {
            DurableFile.deleteTree(work(jobId));
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, "work/" + jobId + ": cannot be deleted", e);
        }
    }
}
