package io.espalier.pipeline.stage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.espalier.v1.AcceptedRequest;
import io.espalier.v1.CancelCommand;
import io.espalier.v1.Failure;
import io.espalier.v1.JobCommand;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.StageJob;
import io.espalier.v1.StageJob.Phase;
import io.espalier.v1.StatisticsCollected;
import io.espalier.v1.TaskGivenBack;
import io.espalier.v1.TaskProgress;
import io.espalier.v1.TaskResult;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class JobFoldTest {
    private static final JobFold.Timing TIMING = new JobFold.Timing(1_000, 100_000);

    private final List<Output> outputs = new ArrayList<>();
    private JobFold fold = new JobFold(TwoWaveStage.of("scorer"), TIMING);
    private StageJob state;
    private long now = 1;

    @Test
    void aJobRunsItsWavesOneAfterTheOtherAndIsHandedOver() {
        start("digest");

        finish("first-0", "first-1", "first-2", "second-0");

        assertThat(taskIds()).containsExactly("first-0", "first-1", "first-2", "second-0");
        assertThat(facts()).hasSize(1);
        assertThat(events()).doesNotContain(EventCase.FAILED, EventCase.CANCELLED, EventCase.COMPLETED);
        assertThat(state.getPhase()).isEqualTo(Phase.DONE);
    }

    @Test
    void theSecondWaveWaitsForEveryResultOfTheFirst() {
        start("digest");

        finish("first-0", "first-2");

        assertThat(taskIds()).doesNotContain("second-0");
    }

    @Test
    void aRepeatedResultIsIgnored() {
        start("digest");
        finish("first-0");
        StageJob before = state;

        finish("first-0");

        assertThat(state).isEqualTo(before);
    }

    @Test
    void aResultThatComesAfterTheEndIsIgnored() {
        start("digest");
        cancel();
        outputs.clear();

        finish("first-0");

        assertThat(outputs).isEmpty();
    }

    @Test
    void theSameFactTwiceDoesNothingTwice() {
        start("digest");
        outputs.clear();

        start("digest");

        assertThat(outputs).isEmpty();
    }

    @Test
    void anotherBodyUnderTheSameIdIsADeadLetterAndLeavesTheJobAlone() {
        start("digest");
        StageJob before = state;
        outputs.clear();

        start("other");

        assertThat(outputs).singleElement().isInstanceOf(Output.DeadLetter.class);
        assertThat(state).isEqualTo(before);
    }

    @Test
    void aFailureOfATaskEndsTheJob() {
        start("digest");

        apply(new Input.Result(result("first-1")
                .setFailure(Failure.newBuilder().setCode("MODEL_CORRUPT"))
                .build()));

        assertThat(events()).endsWith(EventCase.FAILED);
        assertThat(state.getPhase()).isEqualTo(Phase.DONE);
    }

    @Test
    void aTaskThatIsGivenBackIsIssuedAgainHoweverOften() {
        start("digest");
        outputs.clear();

        for (int i = 0; i < 10; i++) {
            apply(new Input.Result(result("first-1")
                    .setGivenBack(TaskGivenBack.getDefaultInstance())
                    .build()));
        }

        assertThat(taskIds()).hasSize(10).containsOnly("first-1");
        assertThat(state.getPhase()).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void aCancelThatComesFirstIsRememberedUntilTheJobArrives() {
        cancel();

        start("digest");

        assertThat(events()).endsWith(EventCase.CANCELLED);
        assertThat(taskIds()).isEmpty();
    }

    @Test
    void aCancelDuringTheWorkEndsTheJobAtOnce() {
        start("digest");

        cancel();

        assertThat(events()).endsWith(EventCase.CANCELLED);
        assertThat(state.getPhase()).isEqualTo(Phase.DONE);
    }

    @Test
    void aReasonIsKeptOnlyAsFarAsSomebodyReads() {
        start("digest");

        apply(new Input.Command(JobCommand.newBuilder()
                .setJobId("job")
                .setCancel(CancelCommand.newBuilder().setReason("x".repeat(1_000_000)))
                .build()));

        assertThat(((Output.Event) outputs.get(outputs.size() - 1))
                        .event()
                        .getCancelled()
                        .getReason())
                .hasSize(1000);
    }

    @Test
    void aCancelAfterTheArtifactIsDecidedWaitsForTheCommit() {
        fold = new JobFold(TwoWaveStage.of("pruner"), TIMING);
        start("digest");
        finish("first-0", "first-1", "first-2");
        cancel();
        assertThat(events()).doesNotContain(EventCase.CANCELLED);

        finish("second-0");

        assertThat(events()).endsWith(EventCase.CANCELLED);
        assertThat(facts()).isEmpty();
    }

    @Test
    void theEventOfACancelSaysWhoAskedForIt() {
        Input.Command asked = new Input.Command(JobCommand.newBuilder()
                .setJobId("job")
                .setCancel(CancelCommand.newBuilder().setReason("wrong text"))
                .setBy("alice")
                .build());
        apply(asked);

        start("digest");

        JobEvent end = ((Output.Event) outputs.get(outputs.size() - 1)).event();
        assertThat(end.getCancelled().getBy()).isEqualTo("alice");
        assertThat(end.getCancelled().getReason()).isEqualTo("wrong text");
    }

    @Test
    void aCancelOfAJobHandedOverIsNotThisStagesBusiness() {
        start("digest");
        finish("first-0", "first-1", "first-2", "second-0");
        outputs.clear();

        cancel();

        assertThat(outputs).isEmpty();
    }

    @Test
    void aTaskNobodyHasTakenIsNeverOverdue() {
        start("digest");
        outputs.clear();
        now += 1_000_000;

        apply(new Input.Tick());

        assertThat(outputs).isEmpty();
    }

    @Test
    void aStartedTaskThatGoesSilentIsIssuedAgainAndAtLastGivenUp() {
        start("digest");
        outputs.clear();

        for (int silence = 0; silence < JobFold.MAX_ATTEMPTS; silence++) {
            apply(new Input.Result(result("first-0")
                    .setProgress(TaskProgress.getDefaultInstance())
                    .build()));
            now += 1_001;
            apply(new Input.Tick());
        }

        assertThat(taskIds()).containsExactly("first-0", "first-0");
        assertThat(events()).endsWith(EventCase.FAILED);
    }

    @Test
    void aCarriedTaskIsNotIssuedAndItsResultComesWithItsCarriers() {
        fold = new JobFold(new ChainStage(), TIMING);
        start("digest");
        assertThat(taskIds()).containsExactly("chain");

        finish("layer-1", "layer-0", "chain");

        assertThat(facts()).hasSize(1);
        assertThat(taskIds()).containsExactly("chain");
    }

    @Test
    void aJobThatWaitsForItsTurnIsTakenOverAndHasNoTasksBeforeItIsAdmitted() {
        fold = new JobFold(TwoWaveStage.of("pruner"), TIMING);
        waits("digest");
        now += 1_000_000;
        apply(new Input.Tick());
        assertThat(events()).containsExactly(EventCase.STAGE_STARTED);
        assertThat(taskIds()).isEmpty();

        apply(new Input.Admit());

        assertThat(taskIds()).containsExactly("first-0", "first-1", "first-2");
        assertThat(state.getPhase()).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void aJobThatWaitsForItsTurnIsCancelledAtOnce() {
        waits("digest");

        cancel();

        assertThat(events()).endsWith(EventCase.CANCELLED);
        assertThat(state.getPhase()).isEqualTo(Phase.DONE);
    }

    @Test
    void aRequestThatCannotBeUsedDoesNotWaitForItsRefusal() {
        fold = new JobFold(new DefectiveStage(TwoWaveStage.of("scorer")), TIMING);
        ByteString odd = AcceptedRequest.newBuilder()
                .setRequest(PruneRequest.newBuilder().setModel("odd"))
                .build()
                .toByteString();

        apply(new Input.Wait(new Input.Start(odd, "digest", 0), ""));

        assertThat(events()).endsWith(EventCase.FAILED);
        assertThat(state.getPhase()).isEqualTo(Phase.DONE);
    }

    @Test
    void ofAWaveOnlySoManyTasksAreUnderWayAtATime() {
        fold = new JobFold(TwoWaveStage.of("scorer"), TIMING, () -> 2);
        start("digest");
        assertThat(taskIds()).containsExactly("first-0", "first-1");

        finish("first-1");

        assertThat(taskIds()).containsExactly("first-0", "first-1", "first-2");
    }

    @Test
    void aWorkerThatJoinsGetsATaskThatWasHeldBack() {
        AtomicInteger underWay = new AtomicInteger(1);
        fold = new JobFold(TwoWaveStage.of("scorer"), TIMING, underWay::get);
        start("digest");
        underWay.set(3);

        apply(new Input.Tick());

        assertThat(taskIds()).containsExactly("first-0", "first-1", "first-2");
    }

    @Test
    void aSettledJobIsForgottenAfterAWhile() {
        start("digest");
        cancel();
        now += TIMING.rememberMillis() + 1;

        apply(new Input.Tick());

        assertThat(state).isNull();
    }

    private void start(String digest) {
        apply(new Input.Start(ByteString.copyFromUtf8("request"), digest, 0));
    }

    private void waits(String digest) {
        apply(new Input.Wait(new Input.Start(ByteString.copyFromUtf8("request"), digest, 0), ""));
    }

    private void finish(String... taskIds) {
        for (String id : taskIds) {
            apply(new Input.Result(result(id)
                    .setStatisticsCollected(StatisticsCollected.getDefaultInstance())
                    .build()));
        }
    }

    private static TaskResult.Builder result(String taskId) {
        return TaskResult.newBuilder().setJobId("job").setTaskId(taskId);
    }

    private void cancel() {
        apply(new Input.Command(JobCommand.newBuilder()
                .setJobId("job")
                .setCancel(CancelCommand.getDefaultInstance())
                .build()));
    }

    private void apply(Input input) {
        JobFold.Decision decision = fold.decide("job", state, input, now++);
        state = decision.state();
        outputs.addAll(decision.outputs());
    }

    private List<String> taskIds() {
        return outputs.stream()
                .filter(Output.Task.class::isInstance)
                .map(output -> ((Output.Task) output).task().getTaskId())
                .toList();
    }

    private List<Output> facts() {
        return outputs.stream().filter(Output.Fact.class::isInstance).toList();
    }

    private List<EventCase> events() {
        return outputs.stream()
                .filter(Output.Event.class::isInstance)
                .map(output -> ((Output.Event) output).event())
                .map(JobEvent::getEventCase)
                .toList();
    }
}
