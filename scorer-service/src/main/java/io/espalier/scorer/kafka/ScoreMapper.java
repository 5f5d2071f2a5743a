package io.espalier.scorer.kafka;

import io.espalier.job.InspectionMapper;
import io.espalier.model.artifact.StoredFile;
import io.espalier.model.importance.DrawLosses;
import io.espalier.model.importance.UnitScores;
import io.espalier.scorer.domain.LayerScore;
import io.espalier.scorer.domain.ScoreResult;
import io.espalier.scorer.domain.ScoreTask;
import io.espalier.v1.ChainWork;
import io.espalier.v1.CollectLossesWork;
import io.espalier.v1.CollectStatisticsWork;
import io.espalier.v1.FileRef;
import io.espalier.v1.InspectWork;
import io.espalier.v1.LayerScored;
import io.espalier.v1.LayerScores;
import io.espalier.v1.LinearMask;
import io.espalier.v1.LossesCollected;
import io.espalier.v1.RankCorrelation;
import io.espalier.v1.ReuseScoresWork;
import io.espalier.v1.ScoreLayerWork;
import io.espalier.v1.ScoreSet;
import io.espalier.v1.StatisticsCollected;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.util.List;
import java.util.Map;

/** Maps scoring tasks and results to protobuf and back. */
final class ScoreMapper {
    private ScoreMapper() {}

    static Task.Builder toWire(ScoreTask task) {
        Task.Builder wire = Task.newBuilder().setTaskId(task.id());
        if (task instanceof ScoreTask.CollectStatistics collect) {
            return wire.setCollectStatistics(CollectStatisticsWork.newBuilder()
                    .setFirstWindow(collect.first())
                    .setLastWindow(collect.last()));
        }
        if (task instanceof ScoreTask.CollectLosses collect) {
            return wire.setCollectLosses(
                    CollectLossesWork.newBuilder().setFirstDraw(collect.first()).setLastDraw(collect.last()));
        }
        if (task instanceof ScoreTask.ScoreLayer score) {
            ScoreLayerWork.Builder work = ScoreLayerWork.newBuilder().setLayer(score.layer());
            score.statistics().forEach(file -> work.addStatistics(toWire(file)));
            score.losses().forEach(losses -> work.addLosses(toWire(losses)));
            return wire.setScoreLayer(work);
        }
        if (task instanceof ScoreTask.Chain chain) {
            ChainWork.Builder work = ChainWork.newBuilder();
            chain.statistics().forEach(file -> work.addStatistics(toWire(file)));
            chain.losses().forEach(losses -> work.addLosses(toWire(losses)));
            return wire.setChain(work);
        }
        if (task instanceof ScoreTask.Reuse) {
            return wire.setReuseScores(ReuseScoresWork.getDefaultInstance());
        }
        return wire.setInspect(InspectWork.getDefaultInstance());
    }

    static ScoreTask task(Task wire) {
        return switch (wire.getWorkCase()) {
            case INSPECT -> new ScoreTask.Inspect();
            case COLLECT_STATISTICS ->
                new ScoreTask.CollectStatistics(
                        wire.getCollectStatistics().getFirstWindow(),
                        wire.getCollectStatistics().getLastWindow());
            case COLLECT_LOSSES ->
                new ScoreTask.CollectLosses(
                        wire.getCollectLosses().getFirstDraw(),
                        wire.getCollectLosses().getLastDraw());
            case SCORE_LAYER ->
                new ScoreTask.ScoreLayer(
                        wire.getScoreLayer().getLayer(),
                        files(wire.getScoreLayer().getStatisticsList()),
                        losses(wire.getScoreLayer().getLossesList()));
            case CHAIN ->
                new ScoreTask.Chain(
                        files(wire.getChain().getStatisticsList()),
                        losses(wire.getChain().getLossesList()));
            case REUSE_SCORES -> new ScoreTask.Reuse();
            default -> throw new IllegalArgumentException("no scoring task: " + wire.getWorkCase());
        };
    }

    static TaskResult.Builder toWire(ScoreResult.StatisticsCollected collected) {
        return TaskResult.newBuilder()
                .setStatisticsCollected(StatisticsCollected.newBuilder().setStatistics(toWire(collected.file())));
    }

    static TaskResult.Builder toWire(ScoreResult.LossesCollected collected) {
        LossesCollected.Builder losses = LossesCollected.newBuilder();
        collected.losses().forEach(pair -> losses.addLosses(toWire(pair)));
        return TaskResult.newBuilder().setLossesCollected(losses);
    }

    static TaskResult.Builder toWire(LayerScore score) {
        LayerScores.Builder scores = LayerScores.newBuilder()
                .setLayer(score.result().layer())
                .setDamping(score.damping().orElse(0));
        score.masks()
                .forEach(mask -> scores.addMasks(LinearMask.newBuilder()
                        .setTensor(mask.tensor())
                        .setKept(mask.kept())
                        .setTotal(mask.total())
                        .setSha256(mask.sha256())));
        for (Map.Entry<String, UnitScores> set : score.sets().entrySet()) {
            ScoreSet.Builder wire = ScoreSet.newBuilder().setName(set.getKey());
            for (double unit : set.getValue().attention()) {
                wire.addAttention((float) unit);
            }
            for (double unit : set.getValue().ffn()) {
                wire.addFfn((float) unit);
            }
            scores.addSets(wire);
        }
        LayerScored.Builder scored = LayerScored.newBuilder()
                .setScores(scores)
                .setFile(toWire(score.result().file()));
        score.result().controls().forEach(ranks -> scored.addControls(toWire(ranks)));
        return TaskResult.newBuilder().setLayerScored(scored);
    }

    static ScoreResult result(TaskResult wire) {
        return switch (wire.getOutcomeCase()) {
            case INSPECTED -> new ScoreResult.Inspected(InspectionMapper.fromWire(wire.getInspected()));
            case STATISTICS_COLLECTED ->
                new ScoreResult.StatisticsCollected(
                        file(wire.getStatisticsCollected().getStatistics()));
            case LOSSES_COLLECTED ->
                new ScoreResult.LossesCollected(losses(wire.getLossesCollected().getLossesList()));
            case LAYER_SCORED ->
                new ScoreResult.LayerScored(
                        wire.getLayerScored().getScores().getLayer(),
                        file(wire.getLayerScored().getFile()),
                        wire.getLayerScored().getControlsList().stream()
                                .map(ScoreMapper::controlRanks)
                                .toList());
            case CHAINED -> new ScoreResult.Chained();
            default -> throw new IllegalArgumentException("no scoring result: " + wire.getOutcomeCase());
        };
    }

    static RankCorrelation toWire(ScoreResult.ControlRanks ranks) {
        return RankCorrelation.newBuilder()
                .setControl(ranks.control())
                .setLayer(ranks.layer())
                .setAttention(ranks.attention())
                .setFfn(ranks.ffn())
                .build();
    }

    private static ScoreResult.ControlRanks controlRanks(RankCorrelation wire) {
        return new ScoreResult.ControlRanks(wire.getControl(), wire.getLayer(), wire.getAttention(), wire.getFfn());
    }

    private static List<DrawLosses> losses(List<io.espalier.v1.DrawLosses> wire) {
        return wire.stream()
                .map(pair -> new DrawLosses(pair.getDraw(), pair.getPlus(), pair.getMinus()))
                .toList();
    }

    private static io.espalier.v1.DrawLosses toWire(DrawLosses losses) {
        return io.espalier.v1.DrawLosses.newBuilder()
                .setDraw(losses.draw())
                .setPlus(losses.plus())
                .setMinus(losses.minus())
                .build();
    }

    static FileRef toWire(StoredFile file) {
        return FileRef.newBuilder()
                .setPath(file.path())
                .setSha256(file.sha256())
                .build();
    }

    private static List<StoredFile> files(List<FileRef> wire) {
        return wire.stream().map(ScoreMapper::file).toList();
    }

    private static StoredFile file(FileRef wire) {
        return new StoredFile(wire.getPath(), wire.getSha256());
    }
}
