package io.espalier.pruner.kafka;

import io.espalier.job.JobSpec;
import io.espalier.job.RequestMapper;
import io.espalier.model.artifact.StoredFile;
import io.espalier.pruner.domain.Component;
import io.espalier.pruner.domain.PruneTask;
import io.espalier.v1.CommitWork;
import io.espalier.v1.FileRef;
import io.espalier.v1.JobInputs;
import io.espalier.v1.JudgeWork;
import io.espalier.v1.MeasureWork;
import io.espalier.v1.PriceWork;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.PruneWork;
import io.espalier.v1.Task;
import java.util.List;
import java.util.Optional;
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
        if (task instanceof PruneTask.Price price) {
            return wire.setPrice(PriceWork.newBuilder().addAllScores(files(price.scores())))
                    .build();
        }
        if (task instanceof PruneTask.Measure measure) {
            return wire.setMeasure(MeasureWork.newBuilder()
                            .setLayer(measure.component().layer())
                            .setHalf(measure.component().label())
                            .setScores(ShapeSearchMapper.toWire(measure.scores()))
                            .setPrices(ShapeSearchMapper.toWire(measure.prices())))
                    .build();
        }
        if (task instanceof PruneTask.Judge judge) {
            return wire.setJudge(JudgeWork.newBuilder()
                            .setBudget(outputs.indexOf(judge.output()))
                            .addAllScores(files(judge.scores()))
                            .setPrices(ShapeSearchMapper.toWire(judge.prices()))
                            .addAllMeasured(judge.measured().stream()
                                    .map(ShapeSearchMapper::toWire)
                                    .toList()))
                    .build();
        }
        PruneTask.Prune prune = (PruneTask.Prune) task;
        PruneWork.Builder work = PruneWork.newBuilder()
                .setBudget(outputs.indexOf(prune.output()))
                .addAllScores(files(prune.scores()));
        prune.search().ifPresent(chosen -> work.setSearch(ShapeSearchMapper.toWire(chosen)));
        return wire.setPrune(work).build();
    }

    static PruneTask fromWire(Task wire) {
        return switch (wire.getWorkCase()) {
            case PRICE -> new PruneTask.Price(files(wire.getPrice().getScoresList(), wire.getInputs()));
            case MEASURE -> measure(wire.getMeasure());
            case JUDGE -> {
                JudgeWork judge = wire.getJudge();
                yield new PruneTask.Judge(
                        wire.getTaskId(),
                        output(wire, judge.getBudget()),
                        files(judge.getScoresList(), wire.getInputs()),
                        ShapeSearchMapper.file(judge.getPrices()),
                        judge.getMeasuredList().stream()
                                .map(ShapeSearchMapper::file)
                                .toList());
            }
            case PRUNE -> {
                PruneWork prune = wire.getPrune();
                yield new PruneTask.Prune(
                        wire.getTaskId(),
                        output(wire, prune.getBudget()),
                        files(prune.getScoresList(), wire.getInputs()),
                        prune.hasSearch()
                                ? Optional.of(ShapeSearchMapper.chosen(prune.getSearch()))
                                : Optional.empty());
            }
            case COMMIT ->
                new PruneTask.Commit(
                        wire.getTaskId(),
                        PrunedArtifactMapper.staged(wire.getCommit().getArtifact()));
            default -> throw new IllegalArgumentException("no pruning task: " + wire.getWorkCase());
        };
    }

    private static PruneTask.Measure measure(MeasureWork work) {
        return new PruneTask.Measure(
                Component.of(work.getLayer(), work.getHalf()),
                ShapeSearchMapper.file(work.getScores()),
                ShapeSearchMapper.file(work.getPrices()));
    }

    private static String output(Task wire, int budget) {
        return outputs(wire.getJobId(), wire.getRequest()).get(budget);
    }

    private static List<FileRef> files(SortedMap<Integer, StoredFile> files) {
        return files.values().stream().map(ShapeSearchMapper::toWire).toList();
    }

    /** @return artifact folder of each checkpoint that the request asks for, in its order */
    static List<String> outputs(String jobId, PruneRequest request) {
        return spec(jobId, request).pruning().target().outputs();
    }

    static JobSpec spec(String jobId, PruneRequest request) {
        return RequestMapper.toSpec(jobId, request);
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
