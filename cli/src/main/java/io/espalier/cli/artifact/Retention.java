package io.espalier.cli.artifact;

import io.espalier.cli.artifact.StoredFolder.Kind;
import io.espalier.pipeline.job.JobView;
import io.espalier.v1.Job;
import io.espalier.v1.PruneRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which folders of an artifact store are old enough to be deleted. Nothing of a running job is, nor what a running job reads: the
 * artifact whose scores it uses, or the one that it prunes further. Pure.
 */
public final class Retention {
    private final Duration age;
    private final Instant now;
    private final Map<String, Job> jobs = new HashMap<>();
    private final Set<String> read = new HashSet<>();
    private final Set<String> models = new HashSet<>();

    /** @param age what was written later than this before {@code now} is kept */
    public Retention(Duration age, Instant now, List<Job> jobs) {
        this.age = age;
        this.now = now;
        for (Job job : jobs) {
            this.jobs.put(job.getJobId(), job);
            if (!JobView.isTerminal(job.getState())) {
                PruneRequest request = job.getRequest();
                read.add(request.getScoring().getScoresOf());
                models.add(request.getModel());
            }
        }
    }

    /** Why a folder is kept; empty when it may be deleted. */
    public Optional<String> kept(StoredFolder folder) {
        if (isRunning(folder.jobId())) {
            return Optional.of("its job is running");
        }
        if (folder.kind() == Kind.DELETED) {
            return Optional.empty();
        }
        if (folder.kind() == Kind.ARTIFACT && read.contains(folder.name())) {
            return Optional.of("a running job uses its scores");
        }
        if (folder.kind() == Kind.ARTIFACT && models.stream().anyMatch(model -> names(model, folder.name()))) {
            return Optional.of("a running job may read it as its model");
        }
        if (folder.kind() == Kind.WORK && !jobs.containsKey(folder.jobId())) {
            return Optional.of("no job of this name is known; delete it by hand if it is Espalier's");
        }
        if (folder.kind() == Kind.REPORTS && folder.jobId().isEmpty()) {
            return Optional.of("it holds no report of Espalier");
        }
        return folder.written().isAfter(now.minus(age)) ? Optional.of("it is younger") : Optional.empty();
    }

    private boolean isRunning(String jobId) {
        Job job = jobs.get(jobId);
        return job != null && !JobView.isTerminal(job.getState());
    }

    /** The root of models may hold the folder of artifacts, at whatever depth. */
    private static boolean names(String model, String output) {
        String path = model.replaceFirst("^[a-z]+:(//)?", "").replaceFirst("/+$", "");
        return path.equals(output) || path.endsWith("/" + output);
    }
}
