package io.espalier.pruner.kafka;

import io.espalier.job.RequestMapper;
import io.espalier.model.artifact.StoredFile;
import io.espalier.pruner.domain.PruneTask;
import io.espalier.v1.CommitWork;
import io.espalier.v1.FileRef;
import io.espalier.v1.JobInputs;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.PruneWork;
import io.espalier.v1.Task;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Prune tasks on the wire. There, a checkpoint is a position in the list of the request's budgets, and a layer's file a
 * position in the list of the layers in scope; in the domain each has its name.
 */
final class PruneTaskMapper {
    private PruneTaskMapper() {}

    /** @param task one of the job that the request describes */
    static Task toWire(PruneTask task, String jobId, PruneRequest request, JobInputs inputs) {
        Task.Builder wire = Task.newBuilder()
                .setJobId(jobId)
                .setTaskId(task.id())
                .setRequest(request)
                .setInputs(inputs);
        List<String> outputs = outputs(jobId, request);
        if (task instanceof PruneTask.Commit commit) {
            return wire.setCommit(CommitWork.newBuilder()
                            .setArtifact(PrunedArtifactMapper.toWire(commit.staged()))
                            .setBudget(
                                    outputs.indexOf(commit.staged().artifact().output())))
                    .build();
        }
        PruneTask.Prune prune = (PruneTask.Prune) task;
        PruneWork.Builder work = PruneWork.newBuilder().setBudget(outputs.indexOf(prune.output()));
        prune.scores()
                .values()
                .forEach(file ->
                        work.addScores(FileRef.newBuilder().setPath(file.path()).setSha256(file.sha256())));
        return wire.setPrune(work).build();
    }

    static PruneTask fromWire(Task wire) {
        return switch (wire.getWorkCase()) {
            case PRUNE ->
                new PruneTask.Prune(
                        wire.getTaskId(),
                        outputs(wire.getJobId(), wire.getRequest())
                                .get(wire.getPrune().getBudget()),
                        files(wire.getPrune().getScoresList(), wire.getInputs()));
            case COMMIT ->
                new PruneTask.Commit(
                        wire.getTaskId(),
                        PrunedArtifactMapper.staged(wire.getCommit().getArtifact()));
            default -> throw new IllegalArgumentException("no pruning task: " + wire.getWorkCase());
        };
    }

    /** @return artifact folder of each checkpoint that the request asks for, in its order */
    static List<String> outputs(String jobId, PruneRequest request) {
        return RequestMapper.toSpec(jobId, request).pruning().target().outputs();
    }

    /**
     * @param wire one file for each layer in scope, in layer order; none where pruning chooses for itself
     * @return the files by layer index
     */
    static SortedMap<Integer, StoredFile> files(List<FileRef> wire, JobInputs inputs) {
        SortedMap<Integer, StoredFile> files = new TreeMap<>();
        wire.forEach(file ->
                files.put(inputs.getFirstLayer() + files.size(), new StoredFile(file.getPath(), file.getSha256())));
        return files;
    }
}
