package io.espalier.cli.view;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.cli.artifact.StoredArtifact;
import io.espalier.cli.artifact.StoredFolder;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Formats artifacts that lie on the disk. */
public final class ArtifactText {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ROW = "%-36s %-24s %-20s %-20s %15s  %s";

    private ArtifactText() {}

    /** The list of artifacts, with one line for each. */
    public static String table(List<StoredArtifact> artifacts) {
        if (artifacts.isEmpty()) {
            return "no artifacts";
        }
        StringBuilder table = new StringBuilder(
                String.format(Locale.ROOT, ROW, "JOB", "OUTPUT", "MODEL", "WRITTEN", "BYTES", "REPORT"));
        for (StoredArtifact artifact : artifacts) {
            table.append('\n')
                    .append(String.format(
                            Locale.ROOT,
                            ROW,
                            artifact.jobId(),
                            artifact.output(),
                            artifact.model(),
                            artifact.written().truncatedTo(ChronoUnit.SECONDS),
                            String.format(Locale.ROOT, "%,d", artifact.bytes()),
                            artifact.evaluation().map(JobText::gain).orElse("none on the disk")));
        }
        return table.toString();
    }

    /**
     * What becomes of a folder when old ones are deleted.
     *
     * @param kept why it is kept; empty when it is deleted
     * @param dryRun whether it only would be
     */
    public static String row(StoredFolder folder, Optional<String> kept, boolean dryRun) {
        String outcome = kept.map(why -> "kept: " + why).orElse(dryRun ? "would be deleted" : "deleted");
        return String.format(
                Locale.ROOT,
                "%-48s %-20s %,15d  %s",
                folder.name(),
                folder.written().truncatedTo(ChronoUnit.SECONDS),
                folder.bytes(),
                outcome);
    }

    /** How much was deleted. */
    public static String freed(int folders, long bytes, boolean dryRun) {
        return String.format(
                Locale.ROOT,
                dryRun ? "%,d folders with %,d bytes would be deleted" : "%,d folders with %,d bytes deleted",
                folders,
                bytes);
    }

    /** One artifact as a JSON object on one line. */
    public static String json(StoredArtifact artifact) {
        try {
            ObjectNode line = JSON.createObjectNode()
                    .put("job_id", artifact.jobId())
                    .put("output", artifact.output())
                    .put("model", artifact.model())
                    .put("written_at", artifact.written().toString())
                    .put("bytes", artifact.bytes());
            if (artifact.evaluation().isPresent()) {
                line.set(
                        "evaluation",
                        JSON.readTree(ProtoJson.line(artifact.evaluation().get())));
            } else {
                line.putNull("evaluation");
            }
            return JSON.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("texts, numbers and a report always have a JSON form", e);
        }
    }
}
