package io.espalier.recoverer.domain;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.job.Recovery;
import io.espalier.model.recovery.LocalTraining;
import io.espalier.model.recovery.LoraTraining;
import io.espalier.model.recovery.LossCurve;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RecoverPlanTest {
    private static final StagedCheckpoint SMALL = new StagedCheckpoint("small", "work/job/staging/a");
    private static final StagedCheckpoint SMALLER = new StagedCheckpoint("smaller", "work/job/staging/b");
    private static final List<PrunedModel> PRUNED =
            List.of(new PrunedModel(SMALL, "aa", 2), new PrunedModel(SMALLER, "bb", 2));
    private static final RecoverResult TAUGHT = new RecoverResult.Taught(40);
    private static final List<RecoverResult> DISTILLED = List.of(
            distilled(Map.of(0, curve(0.1)), Map.of(0, curve(0.2))),
            distilled(Map.of(1, curve(0.3)), Map.of(1, curve(0.4))));

    @Test
    void theTeacherIsReadFirst() {
        RecoverStep step = local(false, false).next(List.of());

        assertThat(step).isEqualTo(new RecoverStep.Run("teach", List.of(new RecoverTask.Teach())));
    }

    @Test
    void inParallelATaskTrainsOneLayerOfEveryCheckpoint() {
        RecoverStep step = local(false, false).next(List.of(List.of(TAUGHT)));

        assertThat(step)
                .isEqualTo(new RecoverStep.Run(
                        "distil",
                        List.of(
                                new RecoverTask.Distil("distil-0", List.of(SMALL, SMALLER), OptionalInt.of(0)),
                                new RecoverTask.Distil("distil-1", List.of(SMALL, SMALLER), OptionalInt.of(1)))));
    }

    @Test
    void sequentiallyATaskTrainsAllLayersOfOneCheckpoint() {
        RecoverStep step = local(true, false).next(List.of(List.of(TAUGHT)));

        assertThat(step)
                .isEqualTo(new RecoverStep.Run(
                        "distil",
                        List.of(
                                new RecoverTask.Distil("distil", List.of(SMALL), OptionalInt.empty()),
                                new RecoverTask.Distil("distil-2", List.of(SMALLER), OptionalInt.empty()))));
    }

    @Test
    void eachCheckpointIsStagedWithWhatItsOwnLayersLearned() {
        RecoverStep step = local(false, false).next(List.of(List.of(TAUGHT), DISTILLED));

        assertThat(step)
                .isEqualTo(new RecoverStep.Run(
                        "recover",
                        List.of(
                                new RecoverTask.Recover("recover", SMALL, report(0.1, 0.3)),
                                new RecoverTask.Recover("recover-2", SMALLER, report(0.2, 0.4)))));
    }

    @Test
    void whatASequenceLearnedIsThatOfItsCheckpoint() {
        List<RecoverResult> sequences = List.of(
                distilled(Map.of(0, curve(0.1), 1, curve(0.3))), distilled(Map.of(0, curve(0.2), 1, curve(0.4))));

        RecoverStep step = local(true, false).next(List.of(List.of(TAUGHT), sequences));

        assertThat(((RecoverStep.Run) step).tasks())
                .containsExactly(
                        new RecoverTask.Recover("recover", SMALL, report(0.1, 0.3)),
                        new RecoverTask.Recover("recover-2", SMALLER, report(0.2, 0.4)));
    }

    @Test
    void whatWasStagedLastIsCommitted() {
        RecoverStep step = local(false, false).next(List.of(List.of(TAUGHT), DISTILLED, staged("c", "d")));

        assertThat(step)
                .isEqualTo(new RecoverStep.Commit(List.of(
                        new RecoverTask.Commit("commit", new StagedCheckpoint("small", "c"), "digest of c"),
                        new RecoverTask.Commit("commit-2", new StagedCheckpoint("smaller", "d"), "digest of d"))));
    }

    @Test
    void theUnrecoveredCheckpointsAreCommittedBesideThemWhereTheyAreKept() {
        RecoverStep step = local(false, true).next(List.of(List.of(TAUGHT), DISTILLED, staged("c", "d")));

        assertThat(((RecoverStep.Commit) step).tasks())
                .hasSize(4)
                .endsWith(
                        new RecoverTask.Commit(
                                "commit-unrecovered", new StagedCheckpoint("small-unrecovered", SMALL.staging()), "aa"),
                        new RecoverTask.Commit(
                                "commit-unrecovered-2",
                                new StagedCheckpoint("smaller-unrecovered", SMALLER.staging()),
                                "bb"));
    }

    @Test
    void committedModelsComeWithWhatWasDoneToThem() {
        RecoverStep step =
                local(false, false).next(List.of(List.of(TAUGHT), DISTILLED, staged("c", "d"), committed(2)));

        assertThat(step)
                .isEqualTo(new RecoverStep.Done(List.of(
                        new RecoverStep.Recovered(model("c"), report(0.1, 0.3)),
                        new RecoverStep.Recovered(model("d"), report(0.2, 0.4)))));
    }

    @Test
    void adaptersAloneAreTrainedOnThePrunedCheckpoints() {
        RecoverStep step = lora(Optional.empty()).next(List.of(List.of(TAUGHT)));

        assertThat(step)
                .isEqualTo(new RecoverStep.Run(
                        "adapt",
                        List.of(new RecoverTask.Adapt("adapt", SMALL), new RecoverTask.Adapt("adapt-2", SMALLER))));
    }

    @Test
    void adaptersBehindALocalRecoveryAreTrainedOnWhatItStaged() {
        List<List<RecoverResult>> waves = new ArrayList<>(List.of(List.of(TAUGHT), DISTILLED, staged("c", "d")));
        RecoverPlan plan = lora(Optional.of(training(false)));

        RecoverStep adapt = plan.next(waves);

        assertThat(adapt)
                .isEqualTo(new RecoverStep.Run(
                        "adapt",
                        List.of(
                                new RecoverTask.Adapt("adapt", new StagedCheckpoint("small", "c")),
                                new RecoverTask.Adapt("adapt-2", new StagedCheckpoint("smaller", "d")))));
    }

    @Test
    void mergingKnowsWhatAllWaysToTrainDid() {
        RecoverPlan plan = lora(Optional.of(training(false)));

        RecoverStep merge = plan.next(List.of(
                List.of(TAUGHT),
                DISTILLED,
                staged("c", "d"),
                List.of(new RecoverResult.Adapted(curve(5)), new RecoverResult.Adapted(curve(6)))));

        assertThat(((RecoverStep.Run) merge).tasks())
                .containsExactly(
                        new RecoverTask.Merge(
                                "merge",
                                new StagedCheckpoint("small", "c"),
                                new RecoveryReport(40, report(0.1, 0.3).layers(), Optional.of(curve(5)))),
                        new RecoverTask.Merge(
                                "merge-2",
                                new StagedCheckpoint("smaller", "d"),
                                new RecoveryReport(40, report(0.2, 0.4).layers(), Optional.of(curve(6)))));
    }

    @Test
    void whatHasItsAdaptersMergedIsCommitted() {
        RecoverPlan plan = lora(Optional.of(training(false)));

        RecoverStep commit = plan.next(List.of(
                List.of(TAUGHT),
                DISTILLED,
                staged("c", "d"),
                List.of(new RecoverResult.Adapted(curve(5)), new RecoverResult.Adapted(curve(6))),
                staged("e", "f")));

        assertThat(((RecoverStep.Commit) commit).tasks())
                .extracting(task -> task.staged().staging())
                .containsExactly("e", "f");
    }

    private static RecoverPlan local(boolean sequential, boolean keep) {
        return new RecoverPlan(
                PRUNED, new Recovery(Optional.of(training(sequential)), Optional.empty(), Optional.empty(), 40, keep));
    }

    private static RecoverPlan lora(Optional<LocalTraining> local) {
        LoraTraining training = new LoraTraining(4, 8, List.of(), LoraTraining.Objective.DISTILL, 10, 2, 1e-3, 1);
        return new RecoverPlan(PRUNED, new Recovery(local, Optional.of(training), Optional.empty(), 40, false));
    }

    private static LocalTraining training(boolean sequential) {
        return new LocalTraining(sequential, 10, 4, 1e-3);
    }

    private static LossCurve curve(double before) {
        return new LossCurve(
                List.of(new LossCurve.Point(0, 0, before), new LossCurve.Point(10, before, before / 2)), 10);
    }

    private static RecoveryReport report(double first, double second) {
        return new RecoveryReport(40, new TreeMap<>(Map.of(0, curve(first), 1, curve(second))), Optional.empty());
    }

    @SafeVarargs
    private static RecoverResult distilled(Map<Integer, LossCurve>... layers) {
        List<SortedMap<Integer, LossCurve>> each = new ArrayList<>();
        for (Map<Integer, LossCurve> of : layers) {
            each.add(new TreeMap<>(of));
        }
        return new RecoverResult.Distilled(each);
    }

    private static List<RecoverResult> staged(String... stagings) {
        return Arrays.stream(stagings)
                .<RecoverResult>map(staging -> new RecoverResult.Staged(model(staging)))
                .toList();
    }

    private static RecoveredModel model(String staging) {
        return new RecoveredModel(staging, "digest of " + staging, "");
    }

    private static List<RecoverResult> committed(int number) {
        return Collections.nCopies(number, new RecoverResult.Committed());
    }
}
