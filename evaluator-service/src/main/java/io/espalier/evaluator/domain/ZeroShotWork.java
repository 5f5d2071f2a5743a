package io.espalier.evaluator.domain;

import io.espalier.base.Progress;
import io.espalier.evaluator.domain.EvaluationWork.Pruned;
import io.espalier.job.Inputs;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.Workspace;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Engine;
import io.espalier.model.zeroshot.LogLikelihoods;
import io.espalier.model.zeroshot.Question;
import io.espalier.model.zeroshot.TaskScore;
import io.espalier.model.zeroshot.ZeroShotTask;
import java.util.ArrayList;
import java.util.List;

/** Asks all models of a job some questions of a multiple-choice task. */
public final class ZeroShotWork {
    private final Workspace workspace;
    private final String codeVersion;

    /** @param codeVersion of this program */
    public ZeroShotWork(Workspace workspace, String codeVersion) {
        this.workspace = workspace;
        this.codeVersion = codeVersion;
    }

    /**
     * Questions of one of the evaluation's tasks.
     *
     * @param task its index
     * @param last index behind the last question
     */
    public record Slice(int task, int first, int last) {}

    /**
     * What one model answered.
     *
     * @param name as {@link JobModels#forEach} gives it
     * @param logLikelihoods per question and choice, in nats
     * @param gained questions that it answers right and the dense model wrong, by the accuracy that papers average
     * @param lost the other way round
     */
    public record ModelAnswers(String name, double[][] logLikelihoods, TaskScore score, int gained, int lost) {}

    /** @param models the dense one, then of each artifact the pruned one, and that as it was before its recovery */
    public record Answers(ZeroShotTask task, List<Question> questions, List<ModelAnswers> models) {
        public Answers {
            questions = List.copyOf(questions);
            models = List.copyOf(models);
        }
    }

    public Answers ask(JobSpec spec, Inspection inspection, List<Pruned> artifacts, Slice slice, Progress progress) {
        Engine.setThreads(inspection.threads());
        return workspace.read(spec, inspection, inputs -> ask(spec, inspection, inputs, artifacts, slice, progress));
    }

    private Answers ask(
            JobSpec spec,
            Inspection inspection,
            Inputs inputs,
            List<Pruned> artifacts,
            Slice slice,
            Progress progress) {
        JobModels models = new JobModels(workspace.artifacts(), spec, inputs.checkpoint(), artifacts);
        Asking asking = new Asking(
                spec.evaluation().tasks().get(slice.task()).task(),
                inputs.questions(slice.task(), slice.first(), slice.last()),
                inspection,
                new DenseLikelihoods(workspace.artifacts(), inspection, codeVersion),
                new CountedModels(progress, models.count()));
        models.forEach(asking::ask);
        return new Answers(asking.task, asking.questions, asking.answers);
    }

    /** Models one after the other; the first is the dense one. */
    private static final class Asking {
        private final ZeroShotTask task;
        private final List<Question> questions;
        private final Inspection inspection;
        private final DenseLikelihoods dense;
        private final CountedModels progress;
        private final List<ModelAnswers> answers = new ArrayList<>();

        Asking(
                ZeroShotTask task,
                List<Question> questions,
                Inspection inspection,
                DenseLikelihoods dense,
                CountedModels progress) {
            this.task = task;
            this.questions = questions;
            this.inspection = inspection;
            this.dense = dense;
            this.progress = progress;
        }

        void ask(String name, Checkpoint model) {
            LogLikelihoods likelihoods =
                    new LogLikelihoods(model, inspection.computation().budget());
            Progress counted = progress.of(answers.size());
            double[][] measured = answers.isEmpty()
                    ? LogLikelihoods.perQuestion(questions, dense.of(model, likelihoods.sequences(questions), counted))
                    : likelihoods.of(questions, counted);
            double[][] ofDense = answers.isEmpty() ? measured : answers.get(0).logLikelihoods();
            int gained = 0;
            int lost = 0;
            for (int i = 0; i < measured.length; i++) {
                boolean right = right(questions.get(i), measured[i]);
                boolean before = right(questions.get(i), ofDense[i]);
                gained += right && !before ? 1 : 0;
                lost += before && !right ? 1 : 0;
            }
            answers.add(new ModelAnswers(name, measured, TaskScore.of(task, questions, measured), gained, lost));
        }

        private boolean right(Question question, double[] logLikelihoods) {
            int answer =
                    task.normalized() ? question.normalizedAnswer(logLikelihoods) : question.answer(logLikelihoods);
            return answer == question.right();
        }
    }
}
