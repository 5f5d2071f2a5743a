package io.espalier.pipeline.stage;

import com.google.protobuf.ByteString;
import com.google.protobuf.util.Timestamps;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.job.JobClient;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.Failure;
import io.espalier.v1.JobCancelled;
import io.espalier.v1.JobEvent;
import io.espalier.v1.StageFinished;
import io.espalier.v1.StageJob;
import io.espalier.v1.StageJob.Phase;
import io.espalier.v1.StageProgress;
import io.espalier.v1.TaskResult;
import io.espalier.v1.TaskResult.OutcomeCase;
import io.espalier.v1.TaskState;
import io.espalier.v1.Wave;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The life of a job at one stage, the same for every stage: a pure function from (state, input, now) to (state, outputs).
 *
 * <pre>
 *            cancel                    start
 *   (none) ─────────▶ WAITING ─────────────────────▶ DONE  writes CANCELLED
 *     │  │ wait            cancel                      ▲
 *     │  └──────▶ QUEUED ──────────────────────────────┤
 *     │ start       │ admit                            │
 *     ▼             ▼  all results of a wave,          │ output fact, or COMPLETED,
 *   ACTIVE ◀────────┴──┐ another wave                  │ or FAILED on a failure,
 *     └────────────────┴───────────────────────────────┘ or CANCELLED on a cancel
 * </pre>
 *
 * A stage owns a job while it is QUEUED or ACTIVE, and only the owner writes a terminal event: so there is exactly one, whatever
 * the order of arrival. A cancel that finds the artifact decided waits for the commit and then ends the job.
 *
 * <p>Of a wave only so many tasks are under way at a time, so that a large job does not stand before all others.
 */
public final class JobFold {
    /** A task is issued this many times before its job fails. */
    static final int MAX_ATTEMPTS = 3;

    private final Stage stage;
    private final Timing timing;
    private final IntSupplier tasksUnderWay;

    /**
     * @param overdueMillis silence of a started task after which it is issued again
     * @param rememberMillis how long a settled job is remembered, to recognise a repeated request
     */
    public record Timing(long overdueMillis, long rememberMillis) {}

    /** @param state what to remember; null forgets the job */
    public record Decision(@Nullable StageJob state, List<Output> outputs) {}

    /** A fold that issues all tasks of a wave at once. */
    public JobFold(Stage stage, Timing timing) {
        this(stage, timing, () -> Integer.MAX_VALUE);
    }

    /** @param tasksUnderWay how many tasks of one job may be issued and without a result; may change with time */
    public JobFold(Stage stage, Timing timing, IntSupplier tasksUnderWay) {
        this.stage = stage;
        this.timing = timing;
        this.tasksUnderWay = tasksUnderWay;
    }

    /** @param now milliseconds since the epoch */
    public Decision decide(String jobId, @Nullable StageJob state, Input input, long now) {
        Transition transition = new Transition(jobId, now);
        StageJob next;
        if (input instanceof Input.Start start) {
            next = transition.start(state, start);
        } else if (input instanceof Input.Wait wait) {
            next = transition.queue(state, wait);
        } else if (input instanceof Input.Refuse refuse) {
            next = transition.refuse(state, refuse);
        } else if (input instanceof Input.Admit) {
            next = transition.admit(state);
        } else if (input instanceof Input.Command command) {
            next = transition.command(state, command);
        } else if (input instanceof Input.Result result) {
            next = transition.result(state, result.result());
        } else {
            next = transition.tick(state);
        }
        return new Decision(next, List.copyOf(transition.outputs));
    }

    /**
     * What becomes of an input that the stage's own code fails on. It would fail every time, so the input is set aside, and
     * a job of this stage ends as FAILED: the jobs behind it go on.
     *
     * @param why for people
     */
    public Decision setAside(String jobId, @Nullable StageJob state, Input input, String why, long now) {
        Transition transition = new Transition(jobId, now);
        // It may quote what was too large to be written.
        String reason = kept(why);
        boolean record = !(input instanceof Input.Tick || input instanceof Input.Admit);
        if (record) {
            transition.outputs.add(new Output.DeadLetter(ErrorCode.INTERNAL.name(), reason));
        }
        StageJob next = transition.givenUp(state, input, reason);
        return new Decision(next, List.copyOf(transition.outputs));
    }

    /** One input for one job. */
    private final class Transition {
        private final String jobId;
        private final long now;
        private final List<Output> outputs = new ArrayList<>();

        Transition(String jobId, long now) {
            this.jobId = jobId;
            this.now = now;
        }

        StageJob start(@Nullable StageJob state, Input.Start start) {
            if (state != null && state.getPhase() != Phase.WAITING) {
                return repeated(state, start);
            }
            StageJob.Builder job = takenOver(start).setPhase(Phase.ACTIVE);
            return state != null && state.getCancelRequested() ? cancelled(job, state) : advance(job);
        }

        StageJob queue(@Nullable StageJob state, Input.Wait wait) {
            Input.Start start = wait.start();
            if (state != null && state.getPhase() != Phase.WAITING) {
                return repeated(state, start);
            }
            StageJob.Builder job = takenOver(start).setPhase(Phase.QUEUED).setTraceparent(wait.traceparent());
            if (state != null && state.getCancelRequested()) {
                return cancelled(job, state);
            }
            try {
                // A request that cannot be used is refused now, and not when its turn comes.
                var unused = stage.next(start, List.of());
            } catch (EspalierException e) {
                return failed(job, failure(e.code(), String.valueOf(e.getMessage())));
            }
            return job.build();
        }

        StageJob refuse(@Nullable StageJob state, Input.Refuse refuse) {
            if (state != null && state.getPhase() != Phase.WAITING) {
                return repeated(state, refuse.start());
            }
            StageJob.Builder job = takenOver(refuse.start());
            return state != null && state.getCancelRequested()
                    ? cancelled(job, state)
                    : failed(job, failure(ErrorCode.QUOTA_EXCEEDED, refuse.why()));
        }

        @Nullable
        StageJob admit(@Nullable StageJob state) {
            return state != null && state.getPhase() == Phase.QUEUED
                    ? advance(state.toBuilder().setPhase(Phase.ACTIVE).clearTraceparent())
                    : state;
        }

        private StageJob repeated(StageJob state, Input.Start start) {
            if (!state.getInputDigest().equals(start.digest())) {
                outputs.add(new Output.DeadLetter(
                        ErrorCode.ALREADY_EXISTS.name(),
                        "job %s exists with another body; choose another request_id".formatted(jobId)));
            }
            return state;
        }

        private StageJob.Builder takenOver(Input.Start start) {
            event(event -> event.mergeFrom(stage.opening(start)));
            return StageJob.newBuilder()
                    .setInputDigest(start.digest())
                    .setInput(start.payload())
                    .setPriority(start.priority())
                    .setStartedAt(now);
        }

        StageJob command(@Nullable StageJob state, Input.Command command) {
            if (state == null) {
                return requested(StageJob.newBuilder(), command)
                        .setPhase(Phase.WAITING)
                        .setSettledAt(now)
                        .build();
            }
            if (!isOwned(state) || state.getCancelRequested()) {
                return state;
            }
            StageJob.Builder job = requested(state.toBuilder(), command);
            boolean committing =
                    state.getPhase() == Phase.ACTIVE && lastWave(state).getCommitting();
            return committing ? job.build() : cancelled(job, job.build());
        }

        private static StageJob.Builder requested(StageJob.Builder job, Input.Command command) {
            return job.setCancelRequested(true)
                    .setCancelReason(kept(command.command().getCancel().getReason()))
                    .setCancelBy(kept(command.command().getBy()));
        }

        @Nullable
        StageJob result(@Nullable StageJob state, TaskResult result) {
            if (state == null || state.getPhase() != Phase.ACTIVE) {
                return state;
            }
            Wave wave = lastWave(state);
            OptionalInt index = IntStream.range(0, wave.getTasksCount())
                    .filter(i -> wave.getTasks(i).getTask().getTaskId().equals(result.getTaskId()))
                    .findFirst();
            if (index.isEmpty() || wave.getTasks(index.getAsInt()).hasResult()) {
                return state;
            }
            StageJob.Builder job = state.toBuilder();
            TaskState.Builder task = job.getWavesBuilder(job.getWavesCount() - 1)
                    .getTasksBuilder(index.getAsInt())
                    .setLastSeen(now);
            if (result.getOutcomeCase() == OutcomeCase.PROGRESS) {
                progress(wave, result);
                return job.build();
            }
            if (result.getOutcomeCase() == OutcomeCase.GIVEN_BACK) {
                outputs.add(new Output.Task(task.setLastSeen(0).getTask()));
                return job.build();
            }
            if (result.getOutcomeCase() == OutcomeCase.FAILURE) {
                return failed(job, result.getFailure());
            }
            for (var fact : stage.facts(result)) {
                outputs.add(new Output.Fact(fact));
            }
            task.setResult(stage.retain(result));
            Wave after = job.getWaves(job.getWavesCount() - 1);
            progress(after, result);
            if (after.getTasksList().stream().allMatch(TaskState::hasResult)) {
                return job.getCancelRequested() ? cancelled(job, job.build()) : advance(job);
            }
            issue(job.getWavesBuilder(job.getWavesCount() - 1));
            return job.build();
        }

        @Nullable
        StageJob tick(@Nullable StageJob state) {
            if (state == null) {
                return null;
            }
            if (state.getPhase() == Phase.QUEUED) {
                return state;
            }
            if (state.getPhase() != Phase.ACTIVE) {
                return now - state.getSettledAt() > timing.rememberMillis() ? null : state;
            }
            StageJob.Builder job = state.toBuilder();
            Wave.Builder wave = job.getWavesBuilder(job.getWavesCount() - 1);
            for (TaskState.Builder task : wave.getTasksBuilderList()) {
                boolean overdue = task.getLastSeen() > 0 && now - task.getLastSeen() > timing.overdueMillis();
                if (task.hasResult() || !overdue) {
                    continue;
                }
                if (task.getTask().getAttempt() >= MAX_ATTEMPTS) {
                    return failed(
                            job,
                            failure(
                                    ErrorCode.WORKER_LOST,
                                    "task %s went silent %d times; look at the logs of the %s workers, the memory of the"
                                                    .formatted(task.getTask().getTaskId(), MAX_ATTEMPTS, stage.label())
                                            + " machine is the usual cause"));
                }
                task.getTaskBuilder().setAttempt(task.getTask().getAttempt() + 1);
                task.setLastSeen(0);
                outputs.add(new Output.Task(task.getTask()));
            }
            issue(wave);
            return job.build();
        }

        @Nullable
        StageJob givenUp(@Nullable StageJob state, Input input, String why) {
            Failure defect = failure(
                    ErrorCode.INTERNAL,
                    "the %s cannot go on with this job: %s; this is a defect, report it with the log of the %s"
                            .formatted(stage.label(), why, stage.label()));
            if (state != null && isOwned(state)) {
                return failed(state.toBuilder(), defect);
            }
            boolean handedOver = state == null || state.getPhase() == Phase.WAITING;
            Input.Start start = handedOver ? handover(input) : null;
            return start == null
                    ? state
                    : failed(
                            StageJob.newBuilder().setInputDigest(start.digest()).setStartedAt(now), defect);
        }

        private StageJob advance(StageJob.Builder job) {
            Step step;
            try {
                step = stage.next(
                        new Input.Start(job.getInput(), job.getInputDigest(), job.getPriority()), resultsOf(job));
            } catch (EspalierException e) {
                return failed(job, failure(e.code(), String.valueOf(e.getMessage())));
            }
            if (step instanceof Step.Run run) {
                return run(job, run);
            }
            if (step instanceof Step.HandOver handOver) {
                outputs.add(new Output.Fact(handOver.fact()));
                event(event -> event.setStageFinished(StageFinished.getDefaultInstance()));
            } else if (step instanceof Step.Complete complete) {
                EvaluationReport report = complete.report();
                outputs.add(new Output.Fact(report));
                event(event -> event.setCompleted(report));
            }
            return done(job);
        }

        private StageJob run(StageJob.Builder job, Step.Run run) {
            run.committed().forEach(artifact -> event(event -> event.setArtifactCommitted(artifact)));
            Wave.Builder wave = Wave.newBuilder()
                    .setActivity(run.activity())
                    .setCommitting(!run.committed().isEmpty());
            run.tasks()
                    .forEach(task -> wave.addTasks(TaskState.newBuilder()
                            .setTask(task.toBuilder().setAttempt(1))
                            .setHeld(true)));
            run.carried()
                    .forEach(task ->
                            wave.addTasks(TaskState.newBuilder().setTask(task).setCarried(true)));
            issue(wave);
            return job.addWaves(wave).build();
        }

        /** Issues tasks that were held back, as many as may be under way beside those that are. */
        private void issue(Wave.Builder wave) {
            int limit = tasksUnderWay.getAsInt();
            long underWay = wave.getTasksBuilderList().stream()
                    .filter(task -> !task.getHeld() && !task.getCarried() && !task.hasResult())
                    .count();
            for (TaskState.Builder task : wave.getTasksBuilderList()) {
                if (task.getHeld() && underWay < limit) {
                    outputs.add(new Output.Task(task.clearHeld().getTask()));
                    underWay++;
                }
            }
        }

        private void progress(Wave wave, TaskResult result) {
            StageProgress.Builder progress = StageProgress.newBuilder()
                    .setActivity(wave.getActivity())
                    .setTasksDone((int) wave.getTasksList().stream()
                            .filter(TaskState::hasResult)
                            .count())
                    .setTasksTotal(wave.getTasksCount())
                    .setTaskId(result.getTaskId());
            if (result.getOutcomeCase() == OutcomeCase.PROGRESS) {
                progress.setTask(result.getProgress());
            }
            event(event -> event.setProgress(progress));
        }

        /** @param asked remembers who asked for the cancel, and why */
        private StageJob cancelled(StageJob.Builder job, StageJob asked) {
            event(event -> event.setCancelled(
                    JobCancelled.newBuilder().setReason(asked.getCancelReason()).setBy(asked.getCancelBy())));
            return done(job);
        }

        private StageJob failed(StageJob.Builder job, Failure failure) {
            event(event -> event.setFailed(failure));
            return done(job);
        }

        /** Keeps only what recognises a repetition. */
        private StageJob done(StageJob.Builder job) {
            return job.setPhase(Phase.DONE)
                    .setInput(ByteString.EMPTY)
                    .clearWaves()
                    .setSettledAt(now)
                    .build();
        }

        private void event(Consumer<JobEvent.Builder> what) {
            JobEvent.Builder event = JobEvent.newBuilder()
                    .setJobId(jobId)
                    .setStage(stage.label())
                    .setAt(Timestamps.fromMillis(now));
            what.accept(event);
            outputs.add(new Output.Event(event.build()));
        }
    }

    /** What hands a job over; null for any other input. */
    private static Input.@Nullable Start handover(Input input) {
        if (input instanceof Input.Wait wait) {
            return wait.start();
        }
        if (input instanceof Input.Refuse refuse) {
            return refuse.start();
        }
        return input instanceof Input.Start start ? start : null;
    }

    private static boolean isOwned(StageJob job) {
        return job.getPhase() == Phase.QUEUED || job.getPhase() == Phase.ACTIVE;
    }

    /** Whoever writes to the topic of commands may write much. */
    private static String kept(String text) {
        return text.length() <= JobClient.MAX_REASON_CHARS ? text : text.substring(0, JobClient.MAX_REASON_CHARS);
    }

    private static Failure failure(ErrorCode code, String message) {
        return Failure.newBuilder().setCode(code.name()).setMessage(message).build();
    }

    private static Wave lastWave(StageJob job) {
        return job.getWaves(job.getWavesCount() - 1);
    }

    private static List<List<TaskResult>> resultsOf(StageJob.Builder job) {
        return job.getWavesList().stream()
                .map(wave ->
                        wave.getTasksList().stream().map(TaskState::getResult).toList())
                .toList();
    }
}
