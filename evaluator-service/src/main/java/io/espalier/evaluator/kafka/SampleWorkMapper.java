package io.espalier.evaluator.kafka;

import io.espalier.base.Progress;
import io.espalier.evaluator.domain.SampleWork;
import io.espalier.job.InspectionMapper;
import io.espalier.job.RequestMapper;
import io.espalier.job.Workspace;
import io.espalier.model.evaluation.Continuation;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.ModelContinuations;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.Sample;
import io.espalier.v1.SampleReport;
import io.espalier.v1.Sampled;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.util.ArrayList;
import java.util.List;

/** {@link SampleWork} on the wire. */
record SampleWorkMapper(SampleWork work) {
    /** A token may be long, and a record has a limit. */
    private static final int MAX_CHARS = 1000;

    static SampleWorkMapper in(Workspace workspace) {
        return new SampleWorkMapper(new SampleWork(workspace));
    }

    TaskResult.Builder run(Task task, Progress progress) {
        List<List<Continuation>> models = work.write(
                RequestMapper.toSpec(task.getJobId(), task.getRequest()),
                InspectionMapper.fromWire(task.getInputs()),
                EvaluationMapper.all(task.getEvaluate().getCheckpoint()),
                progress);
        Sampled.Builder sampled = Sampled.newBuilder();
        for (List<Continuation> model : models) {
            ModelContinuations.Builder wire = sampled.addModelsBuilder();
            model.forEach(one -> wire.addPrompts(io.espalier.v1.Continuation.newBuilder()
                    .setGreedy(shortened(one.greedy()))
                    .setDrawn(shortened(one.drawn()))));
        }
        return TaskResult.newBuilder().setSampled(sampled);
    }

    private static String shortened(String text) {
        return text.codePointCount(0, text.length()) <= MAX_CHARS
                ? text
                : text.substring(0, text.offsetByCodePoints(0, MAX_CHARS)) + "…";
    }

    /** The evaluations of a job's checkpoints with what their models wrote. */
    static List<EvaluationReport> added(
            List<PrunedCheckpoint> checkpoints, List<EvaluationReport> evaluations, Sampled sampled) {
        PruneRequest request = checkpoints.get(0).getRequest();
        List<ModelPlaces> places = ModelPlaces.of(checkpoints);
        List<EvaluationReport> added = new ArrayList<>();
        for (int i = 0; i < evaluations.size(); i++) {
            ModelPlaces models = places.get(i);
            SampleReport.Builder report = SampleReport.newBuilder()
                    .setTokens(request.getEvaluation().getPromptTokens())
                    .setSeed(request.getSeed())
                    .setTop(Continuation.TOP)
                    .setTemperature(Continuation.TEMPERATURE);
            for (int prompt = 0; prompt < request.getEvaluation().getPromptsCount(); prompt++) {
                Sample.Builder sample = report.addSamplesBuilder()
                        .setPrompt(request.getEvaluation().getPrompts(prompt))
                        .setDense(sampled.getModels(ModelPlaces.DENSE).getPrompts(prompt))
                        .setPruned(sampled.getModels(models.pruned()).getPrompts(prompt));
                if (models.unrecovered().isPresent()) {
                    sample.setUnrecovered(
                            sampled.getModels(models.unrecovered().getAsInt()).getPrompts(prompt));
                }
            }
            added.add(evaluations.get(i).toBuilder().setSamples(report).build());
        }
        return added;
    }
}
