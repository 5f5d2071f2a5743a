package io.espalier.recoverer.kafka;

import io.espalier.job.RequestMapper;
import io.espalier.recoverer.domain.RecoverTask;
import io.espalier.recoverer.domain.StagedCheckpoint;
import io.espalier.v1.AdaptWork;
import io.espalier.v1.CommitWork;
import io.espalier.v1.DistilSource;
import io.espalier.v1.DistilWork;
import io.espalier.v1.JobInputs;
import io.espalier.v1.MergeWork;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.RecoverWork;
import io.espalier.v1.StagedArtifact;
import io.espalier.v1.Task;
import io.espalier.v1.TeachWork;
import java.util.List;
import java.util.OptionalInt;

/** Recovery tasks on the wire. There, a checkpoint is a position in the list of the request's budgets; in the domain it has its name. */
final class RecoverTaskMapper {
    private RecoverTaskMapper() {}

    /** @param task one of the job that the request describes */
    static Task toWire(RecoverTask task, String jobId, PruneRequest request, JobInputs inputs) {
        Task.Builder wire = Task.newBuilder()
                .setJobId(jobId)
                .setTaskId(task.id())
                .setRequest(request)
                .setInputs(inputs);
        List<String> outputs = outputs(jobId, request);
        if (task instanceof RecoverTask.Teach) {
            return wire.setTeach(TeachWork.getDefaultInstance()).build();
        }
        if (task instanceof RecoverTask.Distil distil) {
            DistilWork.Builder work = DistilWork.newBuilder();
            distil.sources()
                    .forEach(source -> work.addSources(DistilSource.newBuilder()
                            .setBudget(budget(outputs, source))
                            .setStaging(source.staging())));
            distil.layer().ifPresent(work::setLayer);
            return wire.setDistil(work).build();
        }
        if (task instanceof RecoverTask.Recover recover) {
            return wire.setRecover(RecoverWork.newBuilder()
                            .setBudget(budget(outputs, recover.source()))
                            .setStaging(recover.source().staging())
                            .setReport(RecoveryReportMapper.toWire(recover.report())))
                    .build();
        }
        if (task instanceof RecoverTask.Adapt adapt) {
            return wire.setAdapt(AdaptWork.newBuilder()
                            .setBudget(budget(outputs, adapt.source()))
                            .setStaging(adapt.source().staging()))
                    .build();
        }
        if (task instanceof RecoverTask.Merge merge) {
            return wire.setMerge(MergeWork.newBuilder()
                            .setBudget(budget(outputs, merge.source()))
                            .setStaging(merge.source().staging())
                            .setReport(RecoveryReportMapper.toWire(merge.report())))
                    .build();
        }
        RecoverTask.Commit commit = (RecoverTask.Commit) task;
        return wire.setCommit(CommitWork.newBuilder()
                        .setArtifact(StagedArtifact.newBuilder()
                                .setStaging(commit.staged().staging())
                                .setCheckpoint(PrunedCheckpoint.newBuilder()
                                        .setOutput(commit.staged().output())
                                        .setManifestSha256(commit.manifestSha256()))))
                .build();
    }

    static RecoverTask fromWire(Task wire) {
        List<String> outputs = outputs(wire.getJobId(), wire.getRequest());
        return switch (wire.getWorkCase()) {
            case TEACH -> new RecoverTask.Teach();
            case DISTIL ->
                new RecoverTask.Distil(
                        wire.getTaskId(),
                        wire.getDistil().getSourcesList().stream()
                                .map(source ->
                                        new StagedCheckpoint(outputs.get(source.getBudget()), source.getStaging()))
                                .toList(),
                        wire.getDistil().hasLayer()
                                ? OptionalInt.of(wire.getDistil().getLayer())
                                : OptionalInt.empty());
            case RECOVER ->
                new RecoverTask.Recover(
                        wire.getTaskId(),
                        new StagedCheckpoint(
                                outputs.get(wire.getRecover().getBudget()),
                                wire.getRecover().getStaging()),
                        RecoveryReportMapper.fromWire(wire.getRecover().getReport()));
            case ADAPT ->
                new RecoverTask.Adapt(
                        wire.getTaskId(),
                        new StagedCheckpoint(
                                outputs.get(wire.getAdapt().getBudget()),
                                wire.getAdapt().getStaging()));
            case MERGE ->
                new RecoverTask.Merge(
                        wire.getTaskId(),
                        new StagedCheckpoint(
                                outputs.get(wire.getMerge().getBudget()),
                                wire.getMerge().getStaging()),
                        RecoveryReportMapper.fromWire(wire.getMerge().getReport()));
            case COMMIT -> commit(wire.getTaskId(), wire.getCommit().getArtifact());
            default -> throw new IllegalArgumentException("no task of a recovery: " + wire.getWorkCase());
        };
    }

    private static RecoverTask.Commit commit(String id, StagedArtifact artifact) {
        return new RecoverTask.Commit(
                id,
                new StagedCheckpoint(artifact.getCheckpoint().getOutput(), artifact.getStaging()),
                artifact.getCheckpoint().getManifestSha256());
    }

    private static int budget(List<String> outputs, StagedCheckpoint checkpoint) {
        return outputs.indexOf(checkpoint.output());
    }

    private static List<String> outputs(String jobId, PruneRequest request) {
        return RequestMapper.toSpec(jobId, request).pruning().target().outputs();
    }
}
