package io.espalier.cli.artifact;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.google.common.io.MoreFiles;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.espalier.cli.artifact.StoredFolder.Kind;
import io.espalier.pipeline.request.RequestReader;
import io.espalier.v1.EvaluationReport;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Lists the artifacts of a folder and their reports. An artifact is a folder with a manifest, which is written last, so what is
 * listed is complete.
 *
 * <p>The folder may hold files that Espalier did not write. Whatever is no manifest or no report is skipped with a line that says
 * so. No link is followed, and of each file only a bounded part is kept in memory.
 */
public final class ArtifactFolder {
    private static final String MANIFEST = "manifest.json";
    private static final String REPORTS = "reports";
    private static final String WORK = "work";
    private static final String MEASURED = ".measured";
    private static final String DELETED = "deleted-";
    private static final long MAX_MANIFEST_BYTES = 50_000_000;
    private static final int MAX_REPORT_BYTES = 4_000_000;
    private static final int MAX_DEPTH = 256;
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(64)
                    .maxStringLength(1_000_000)
                    .maxNameLength(4096)
                    .build())
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    private final Path root;
    private final Consumer<String> skipped;
    private final List<StoredArtifact> artifacts = new ArrayList<>();

    private record Head(String jobId, String model) {}

    private ArtifactFolder(Path root, Consumer<String> skipped) {
        this.root = root;
        this.skipped = skipped;
    }

    /**
     * The artifacts of a folder, newest first.
     *
     * @param skipped receives a line for each thing that is skipped
     * @throws java.nio.file.NoSuchFileException if the folder does not exist
     */
    public static List<StoredArtifact> list(Path folder, Consumer<String> skipped) throws IOException {
        ArtifactFolder reader = new ArtifactFolder(folder.toRealPath(), skipped);
        reader.walk();
        return reader.artifacts.stream()
                .sorted(Comparator.comparing(StoredArtifact::written).reversed().thenComparing(StoredArtifact::output))
                .toList();
    }

    /**
     * All folders that may be deleted one day: artifacts, reports, what was measured of dense models, and what
     * workers hand each other.
     *
     * @param skipped receives a line for each thing that is skipped
     * @throws java.nio.file.NoSuchFileException if the folder does not exist
     */
    public static List<StoredFolder> folders(Path folder, Consumer<String> skipped) throws IOException {
        ArtifactFolder reader = new ArtifactFolder(folder.toRealPath(), skipped);
        reader.walk();
        List<StoredFolder> folders = new ArrayList<>();
        for (StoredArtifact artifact : reader.artifacts) {
            if (!artifact.output().equals(reader.rootName())) {
                folders.add(new StoredFolder(
                        Kind.ARTIFACT, artifact.output(), artifact.jobId(), artifact.written(), artifact.bytes()));
            }
        }
        for (Path reports : subfolders(reader.root.resolve(REPORTS))) {
            folders.add(reader.stored(Kind.REPORTS, reports, reader.reportsOf(reports) ? name(reports) : ""));
        }
        for (Path work : subfolders(reader.root.resolve(WORK))) {
            Kind kind = name(work).startsWith(DELETED) ? Kind.DELETED : Kind.WORK;
            folders.add(reader.stored(kind, work, name(work)));
        }
        for (Path measured : subfolders(reader.root.resolve(MEASURED))) {
            folders.add(reader.stored(Kind.MEASURED, measured, ""));
        }
        return folders;
    }

    /**
     * Deletes a folder. It disappears in one step, so that nobody finds half an artifact; what an interruption leaves is found again
     * as {@link Kind#DELETED}.
     *
     * @param root of all artifacts
     */
    public static void delete(Path root, StoredFolder folder) throws IOException {
        Path work = Files.createDirectories(root.resolve(WORK));
        Path removed = work.resolve(DELETED + UUID.randomUUID());
        Files.move(root.resolve(folder.name()), removed, StandardCopyOption.ATOMIC_MOVE);
        MoreFiles.deleteRecursively(removed);
    }

    private static List<Path> subfolders(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry ->
                            Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS) && RequestReader.isJobId(name(entry)))
                    .sorted()
                    .toList();
        }
    }

    private static String name(Path path) {
        return Objects.requireNonNull(path.getFileName(), "a folder below another has a name")
                .toString();
    }

    private StoredFolder stored(Kind kind, Path folder, String jobId) throws IOException {
        Instant newest =
                Files.getLastModifiedTime(folder, LinkOption.NOFOLLOW_LINKS).toInstant();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                Instant written = Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)
                        .toInstant();
                newest = written.isAfter(newest) ? written : newest;
            }
        }
        return new StoredFolder(kind, root.relativize(folder).toString(), jobId, newest, bytes(folder));
    }

    /** Whether there is a report of the job after which the folder is named. */
    private boolean reportsOf(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(ArtifactFolder::isEvaluation)
                    .flatMap(file -> read(file).stream())
                    .anyMatch(report -> report.getJobId().equals(name(folder)));
        }
    }

    /** The report of a checkpoint, not the one that people read. */
    private static boolean isEvaluation(Path file) {
        return name(file).startsWith("evaluation") && name(file).endsWith(".json");
    }

    private String rootName() {
        return printable(root.getFileName().toString());
    }

    private void walk() throws IOException {
        Files.walkFileTree(
                root, EnumSet.noneOf(java.nio.file.FileVisitOption.class), MAX_DEPTH, new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                        if (Stream.of(WORK, REPORTS, MEASURED)
                                .map(root::resolve)
                                .anyMatch(folder::equals)) {
                            return FileVisitResult.SKIP_SUBTREE;
                        }
                        if (!Files.exists(folder.resolve(MANIFEST), LinkOption.NOFOLLOW_LINKS)) {
                            return FileVisitResult.CONTINUE;
                        }
                        add(folder);
                        return FileVisitResult.SKIP_SUBTREE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                        if (attributes.isSymbolicLink()) {
                            skip(file, "is a link");
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException e) {
                        skip(file, "cannot be read");
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    private void add(Path folder) {
        Path manifest = folder.resolve(MANIFEST);
        try {
            if (!isFileUpTo(manifest, MAX_MANIFEST_BYTES)) {
                skip(manifest, "is a link, no regular file or too large");
                return;
            }
            Head head = head(manifest);
            if (!RequestReader.isJobId(head.jobId())) {
                skip(manifest, "names no job");
                return;
            }
            String output = folder.equals(root)
                    ? rootName()
                    : printable(root.relativize(folder).toString());
            Instant written = Files.getLastModifiedTime(manifest, LinkOption.NOFOLLOW_LINKS)
                    .toInstant();
            artifacts.add(new StoredArtifact(
                    head.jobId(), output, head.model(), written, bytes(folder), report(head.jobId(), output)));
        } catch (IOException e) {
            skip(manifest, "is no manifest");
        }
    }

    private static Head head(Path manifest) throws IOException {
        String jobId = "";
        String model = "";
        try (InputStream file = Files.newInputStream(manifest, LinkOption.NOFOLLOW_LINKS);
                JsonParser json = JSON.createParser(file)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("no object");
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                json.nextToken();
                switch (name) {
                    case "job_id" -> jobId = text(json);
                    case "request" -> model = model(json);
                    default -> json.skipChildren();
                }
            }
        }
        return new Head(jobId, model);
    }

    private static String model(JsonParser json) throws IOException {
        String model = "";
        if (json.currentToken() == JsonToken.START_OBJECT) {
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                json.nextToken();
                if (name.equals("model")) {
                    model = text(json);
                } else {
                    json.skipChildren();
                }
            }
        }
        return model;
    }

    private static String text(JsonParser json) throws IOException {
        if (json.currentToken() == JsonToken.VALUE_STRING) {
            return printable(json.getText());
        }
        json.skipChildren();
        return "";
    }

    /** A name without characters that would move the cursor of a terminal. */
    private static String printable(String name) {
        return name.replaceAll("\\p{C}", "?");
    }

    private static long bytes(Path folder) throws IOException {
        long sum = 0;
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    sum += Files.size(file);
                }
            }
        }
        return sum;
    }

    /** The report of an artifact. A job that made several artifacts has a report for each. */
    private Optional<EvaluationReport> report(String jobId, String output) throws IOException {
        Path reports = root.resolve(REPORTS);
        Path folder = reports.resolve(jobId);
        if (!Files.isDirectory(reports, LinkOption.NOFOLLOW_LINKS)
                || !Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(ArtifactFolder::isEvaluation)
                    .sorted()
                    .flatMap(file -> read(file).stream())
                    .filter(report -> report.getOutput().equals(output))
                    .findFirst();
        }
    }

    private Optional<EvaluationReport> read(Path report) {
        try {
            if (!isFileUpTo(report, MAX_REPORT_BYTES)) {
                skip(report, "is a link, no regular file or too large");
                return Optional.empty();
            }
            EvaluationReport.Builder message = EvaluationReport.newBuilder();
            try (InputStream file = Files.newInputStream(report, LinkOption.NOFOLLOW_LINKS)) {
                String json = new String(file.readNBytes(MAX_REPORT_BYTES), StandardCharsets.UTF_8);
                JsonFormat.parser().ignoringUnknownFields().merge(json, message);
            }
            return Optional.of(message.build());
        } catch (InvalidProtocolBufferException e) {
            skip(report, "is no report");
        } catch (IOException e) {
            skip(report, "cannot be read");
        }
        return Optional.empty();
    }

    private static boolean isFileUpTo(Path file, long bytes) throws IOException {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) <= bytes;
    }

    private void skip(Path path, String why) {
        skipped.accept(
                "skipped %s: it %s".formatted(printable(root.relativize(path).toString()), why));
    }
}
