package io.espalier.recoverer.domain;

import io.espalier.job.Recovery;
import io.espalier.model.recovery.LossCurve;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Read the teacher; train each layer alone and stage the checkpoints with what was learned; train adapters and stage them with
 * those merged; commit what was staged last. Ways to train that the job does not ask for are left out.
 *
 * @param pruned one per budget, in the order of the request
 */
public record RecoverPlan(List<PrunedModel> pruned, Recovery recovery) {
    private enum Wave {
        TEACH,
        DISTIL,
        RECOVER,
        ADAPT,
        MERGE,
        COMMIT
    }

    public RecoverPlan {
        pruned = List.copyOf(pruned);
    }

    /** @param waves results of the complete waves, each in task order */
    public RecoverStep next(List<List<RecoverResult>> waves) {
        List<Wave> all = all();
        if (waves.size() == all.size()) {
            return new RecoverStep.Done(IntStream.range(0, pruned.size())
                    .mapToObj(i -> new RecoverStep.Recovered(last(waves, i), report(waves, i)))
                    .toList());
        }
        return switch (all.get(waves.size())) {
            case TEACH -> new RecoverStep.Run("teach", List.of(new RecoverTask.Teach()));
            case DISTIL -> new RecoverStep.Run("distil", distil());
            case RECOVER ->
                new RecoverStep.Run(
                        "recover",
                        each(i -> new RecoverTask.Recover(
                                id("recover", i), pruned.get(i).checkpoint(), report(waves, i))));
            case ADAPT ->
                new RecoverStep.Run("adapt", each(i -> new RecoverTask.Adapt(id("adapt", i), student(waves, i))));
            case MERGE ->
                new RecoverStep.Run(
                        "merge", each(i -> new RecoverTask.Merge(id("merge", i), student(waves, i), report(waves, i))));
            case COMMIT -> commit(waves);
        };
    }

    private List<Wave> all() {
        List<Wave> waves = new ArrayList<>(List.of(Wave.TEACH));
        if (recovery.local().isPresent()) {
            waves.addAll(List.of(Wave.DISTIL, Wave.RECOVER));
        }
        if (recovery.lora().isPresent()) {
            waves.addAll(List.of(Wave.ADAPT, Wave.MERGE));
        }
        waves.add(Wave.COMMIT);
        return waves;
    }

    /** Empty as long as the wave is not complete, or is none of this job. */
    private List<RecoverResult> of(Wave wave, List<List<RecoverResult>> waves) {
        int place = all().indexOf(wave);
        return place < 0 || place >= waves.size() ? List.of() : waves.get(place);
    }

    /**
     * In parallel, a task for each layer: it trains that layer of every checkpoint, so that there are not more tasks than the state
     * of a job can hold. Sequentially, a task for each checkpoint.
     */
    private List<RecoverTask> distil() {
        if (sequential()) {
            return each(i -> new RecoverTask.Distil(
                    id("distil", i), List.of(pruned.get(i).checkpoint()), OptionalInt.empty()));
        }
        List<StagedCheckpoint> all =
                pruned.stream().map(PrunedModel::checkpoint).toList();
        return IntStream.range(0, pruned.get(0).layers())
                .<RecoverTask>mapToObj(layer -> new RecoverTask.Distil("distil-" + layer, all, OptionalInt.of(layer)))
                .toList();
    }

    private boolean sequential() {
        return recovery.local().orElseThrow().sequential();
    }

    /** What the adapters are trained on: the checkpoint behind the waves before. */
    private StagedCheckpoint student(List<List<RecoverResult>> waves, int index) {
        StagedCheckpoint before = pruned.get(index).checkpoint();
        List<RecoverResult> staged = of(Wave.RECOVER, waves);
        return staged.isEmpty()
                ? before
                : new StagedCheckpoint(before.output(), model(staged, index).staging());
    }

    /** What was staged last, which is committed. */
    private RecoveredModel last(List<List<RecoverResult>> waves, int index) {
        return model(of(recovery.lora().isPresent() ? Wave.MERGE : Wave.RECOVER, waves), index);
    }

    private static RecoveredModel model(List<RecoverResult> staged, int index) {
        return ((RecoverResult.Staged) staged.get(index)).model();
    }

    private RecoveryReport report(List<List<RecoverResult>> waves, int index) {
        List<RecoverResult> adapted = of(Wave.ADAPT, waves);
        return new RecoveryReport(
                ((RecoverResult.Taught) of(Wave.TEACH, waves).get(0)).windows(),
                layers(of(Wave.DISTIL, waves), index),
                adapted.isEmpty()
                        ? Optional.empty()
                        : Optional.of(((RecoverResult.Adapted) adapted.get(index)).loss()));
    }

    private SortedMap<Integer, LossCurve> layers(List<RecoverResult> distilled, int index) {
        if (distilled.isEmpty()) {
            return new TreeMap<>();
        }
        if (sequential()) {
            return ((RecoverResult.Distilled) distilled.get(index)).layers().get(0);
        }
        SortedMap<Integer, LossCurve> layers = new TreeMap<>();
        distilled.forEach(result ->
                layers.putAll(((RecoverResult.Distilled) result).layers().get(index)));
        return layers;
    }

    /** The recovered checkpoints first, so that a job's first output is the one it is named for. */
    private RecoverStep.Commit commit(List<List<RecoverResult>> waves) {
        List<RecoverTask.Commit> tasks = new ArrayList<>();
        for (int i = 0; i < pruned.size(); i++) {
            RecoveredModel model = last(waves, i);
            tasks.add(new RecoverTask.Commit(
                    id("commit", i),
                    new StagedCheckpoint(pruned.get(i).checkpoint().output(), model.staging()),
                    model.manifestSha256()));
        }
        for (int i = 0; recovery.keepUnrecovered() && i < pruned.size(); i++) {
            StagedCheckpoint before = pruned.get(i).checkpoint();
            tasks.add(new RecoverTask.Commit(
                    id("commit-unrecovered", i),
                    new StagedCheckpoint(Recovery.unrecovered(before.output()), before.staging()),
                    pruned.get(i).manifestSha256()));
        }
        return new RecoverStep.Commit(tasks);
    }

    private List<RecoverTask> each(IntFunction<RecoverTask> task) {
        return IntStream.range(0, pruned.size()).mapToObj(task).toList();
    }

    /** The first checkpoint's tasks bear the plain name, the others' a number from 2. */
    private static String id(String work, int index) {
        return index == 0 ? work : work + "-" + (index + 1);
    }
}
