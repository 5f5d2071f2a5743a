package io.espalier.pipeline.stage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.espalier.pipeline.job.JobView;
import io.espalier.v1.CancelCommand;
import io.espalier.v1.Failure;
import io.espalier.v1.JobCommand;
import io.espalier.v1.JobEvent;
import io.espalier.v1.StageJob;
import io.espalier.v1.StatisticsCollected;
import io.espalier.v1.TaskProgress;
import io.espalier.v1.TaskResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Stages joined by queues that deliver late, out of order between topics, twice, and with cancels anywhere. */
class StagesTogetherTest {
    private static final int SCHEDULES = 100_000;
    private static final Input CANCEL = new Input.Command(JobCommand.newBuilder()
            .setJobId("job")
            .setCancel(CancelCommand.getDefaultInstance())
            .build());

    @Test
    void everyScheduleOfCrashesRepetitionsAndCancelsEndsInExactlyOneTerminalEvent() {
        for (int seed = 0; seed < SCHEDULES; seed++) {
            Random random = new Random(seed);
            List<JobEvent> events = new Schedule(random.nextBoolean(), random).run();

            assertThat(events.stream().filter(JobView::isTerminal))
                    .as("terminal events of schedule %d", seed)
                    .hasSize(1);
            assertThat(JobView.isTerminal(events.get(events.size() - 1)))
                    .as("schedule %d ends with its terminal event", seed)
                    .isTrue();
        }
    }

    /** What the facts of one topic say: whether a checkpoint has to be recovered first. */
    private static final ByteString STAGED = ByteString.copyFromUtf8("staged");

    private static final ByteString FACT = ByteString.copyFromUtf8("fact");

    @Test
    void aJobThatNeedsNoRecoveryNeedsNoRecoverer() {
        for (int seed = 0; seed < SCHEDULES / 10; seed++) {
            List<JobEvent> events = new Schedule(false, new Random(seed)).run();

            assertThat(events.stream().map(JobEvent::getStage)).doesNotContain("recoverer");
        }
    }

    private static final class Schedule {
        private final List<TwoWaveStage> stages;
        private final boolean recovers;
        private final Random random;
        private final Map<TwoWaveStage, JobFold> folds = new HashMap<>();
        private final Map<TwoWaveStage, StageJob> states = new HashMap<>();
        private final Map<TwoWaveStage, List<Input>> inboxes = new HashMap<>();
        private final List<JobEvent> events = new ArrayList<>();
        private long now = 1;

        /** @param recovers whether the job goes by the recoverer, which then decides the artifact in the pruner's place */
        Schedule(boolean recovers, Random random) {
            this.stages = List.of(
                    TwoWaveStage.of("scorer"),
                    TwoWaveStage.of("pruner").committing(!recovers),
                    TwoWaveStage.of("recoverer").committing(true),
                    TwoWaveStage.of("evaluator"));
            this.recovers = recovers;
            this.random = random;
            for (TwoWaveStage stage : stages) {
                folds.put(stage, new JobFold(stage, new JobFold.Timing(5, 1_000_000), () -> 1 + random.nextInt(3)));
                inboxes.put(stage, new ArrayList<>());
            }
            inboxes.get(stages.get(0)).add(start());
            if (random.nextBoolean()) {
                inboxes.values().forEach(inbox -> inbox.add(CANCEL));
            }
        }

        List<JobEvent> run() {
            while (inboxes.values().stream().anyMatch(inbox -> !inbox.isEmpty())) {
                TwoWaveStage stage = stages.get(random.nextInt(stages.size()));
                List<Input> inbox = inboxes.get(stage);
                if (inbox.isEmpty() || random.nextInt(10) == 0) {
                    deliver(stage, new Input.Tick());
                    continue;
                }
                int index = random.nextInt(inbox.size());
                Input input = inbox.get(index);
                boolean deliveredAgain = random.nextInt(5) == 0;
                if (!deliveredAgain) {
                    inbox.remove(index);
                }
                deliver(stage, inTurn(stage, input));
            }
            return events;
        }

        /** Sometimes other jobs are under way, and this one has to wait until it is admitted. */
        private Input inTurn(TwoWaveStage stage, Input input) {
            if (input instanceof Input.Start start && random.nextInt(3) == 0) {
                inboxes.get(stage).add(new Input.Admit());
                return new Input.Wait(start, "");
            }
            return input;
        }

        private void deliver(TwoWaveStage stage, Input input) {
            JobFold.Decision decision = folds.get(stage).decide("job", states.get(stage), input, now++);
            if (decision.state() == null) {
                states.remove(stage);
            } else {
                states.put(stage, decision.state());
            }
            for (Output output : decision.outputs()) {
                if (output instanceof Output.Task task) {
                    work(stage, task.task().getTaskId());
                } else if (output instanceof Output.Event event) {
                    events.add(event.event());
                } else if (output instanceof Output.Fact && !stage.last()) {
                    handOn(stage);
                }
            }
        }

        /** Every stage that reads the topic of the fact hears of it, and takes what is for it. */
        private void handOn(TwoWaveStage from) {
            boolean staged = recovers && from.label().equals("pruner");
            for (TwoWaveStage stage : stages) {
                boolean reads = stage.topics().input().equals(from.topics().facts());
                if (reads && stage.label().equals("recoverer") == staged) {
                    inboxes.get(stage).add(new Input.Start(staged ? STAGED : FACT, "digest", 0));
                }
            }
        }

        /** A worker that starts, may crash so that another starts again, and may fail the job. */
        private void work(TwoWaveStage stage, String taskId) {
            List<Input> inbox = inboxes.get(stage);
            inbox.add(new Input.Result(result(taskId)
                    .setProgress(TaskProgress.getDefaultInstance())
                    .build()));
            inbox.add(new Input.Result(
                    random.nextInt(30) == 0
                            ? result(taskId)
                                    .setFailure(Failure.getDefaultInstance())
                                    .build()
                            : result(taskId)
                                    .setStatisticsCollected(StatisticsCollected.getDefaultInstance())
                                    .build()));
        }

        private static TaskResult.Builder result(String taskId) {
            return TaskResult.newBuilder().setJobId("job").setTaskId(taskId);
        }

        private static Input.Start start() {
            return new Input.Start(FACT, "digest", 0);
        }
    }
}
