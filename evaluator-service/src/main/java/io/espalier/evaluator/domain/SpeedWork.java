package io.espalier.evaluator.domain;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.evaluator.llama.LlamaCommand;
import io.espalier.evaluator.llama.LlamaFailure;
import io.espalier.evaluator.llama.LlamaModels;
import io.espalier.evaluator.llama.TemporaryFolder;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.SpeedRuntime;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Speed;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Measures the speed of both models in the runtime that a job asks for, or in the one that there is. */
final class SpeedWork {
    static final int DECODE_TOKENS = 32;
    static final int REPETITIONS = 5;

    private static final Logger LOG = LoggerFactory.getLogger(SpeedWork.class);

    private final LlamaCommand command;
    private final Path temporary;
    private final Duration deadline;

    SpeedWork() {
        this(LlamaCommand.ofThisProcess(), TemporaryFolder.usualRoot(), LlamaModels.DEADLINE);
    }

    /**
     * @param temporary folder on local disk
     * @param deadline for each answer of llama.cpp
     */
    SpeedWork(LlamaCommand command, Path temporary, Duration deadline) {
        this.command = command;
        this.temporary = temporary;
        this.deadline = deadline;
    }

    /**
     * Measures both models where the job wants that.
     *
     * @param window token ids whose beginning is the prompt
     * @throws EspalierException only if the job names llama.cpp and that measured nothing: {@code INVALID_ARGUMENT} if it cannot
     *     load such models or is not on this machine, {@code INTERNAL} if it failed
     */
    Speeds measure(JobSpec spec, Inspection inspection, Checkpoint dense, Checkpoint pruned, int[] window) {
        if (!spec.evaluation().speed()) {
            return Speeds.none(List.of());
        }
        int[] prompt = prompt(window, dense);
        if (spec.evaluation().runtime().equals(Optional.of(SpeedRuntime.ESPALIER))) {
            return own(inspection, dense, pruned, prompt, List.of());
        }
        try {
            return new LlamaSpeeds(command, temporary, deadline, inspection).measure(dense, pruned, prompt);
        } catch (LlamaFailure e) {
            LOG.warn("not measured in llama.cpp job={}: {}", spec.jobId(), e.reason());
            if (spec.evaluation().needsLlamaCpp()) {
                throw named(e);
            }
            return e.isUnusable()
                    ? own(
                            inspection,
                            dense,
                            pruned,
                            prompt,
                            List.of("speeds are those of espalier's own engine: " + e.reason()))
                    : Speeds.none(List.of("speeds were not measured: " + e.reason()));
        }
    }

    private static EspalierException named(LlamaFailure e) {
        String reason = "is llama.cpp, in which nothing was measured: %s; leave it out".formatted(e.reason());
        return e.isUnusable()
                ? new InvalidSetting(Setting.EVALUATION_RUNTIME, reason)
                : new EspalierException(ErrorCode.INTERNAL, "evaluation.runtime: " + reason);
    }

    private static Speeds own(
            Inspection inspection, Checkpoint dense, Checkpoint pruned, int[] prompt, List<String> notes) {
        if (!Speed.fit(dense, pruned, inspection.computation().budget())) {
            return Speeds.none(
                    List.of("speeds were not measured: both models in memory exceed espalier.memory.budget"));
        }
        Speed.Comparison speed = Speed.compare(dense, pruned, prompt, DECODE_TOKENS, REPETITIONS);
        return new Speeds(
                SpeedRuntime.ESPALIER.label(),
                "",
                "f32",
                inspection.threads(),
                new Speeds.Measured(speed.dense().prefill(), speed.dense().decode(), 0),
                new Speeds.Measured(speed.pruned().prefill(), speed.pruned().decode(), 0),
                prompt.length,
                DECODE_TOKENS,
                REPETITIONS,
                notes);
    }

    /** Shortens the prompt where it and the decoded tokens would exceed the positions that the model knows. */
    private static int[] prompt(int[] window, Checkpoint checkpoint) {
        int most = Math.max(1, checkpoint.config().maxPositions() - DECODE_TOKENS);
        return Arrays.copyOf(window, Math.min(window.length, most));
    }
}
