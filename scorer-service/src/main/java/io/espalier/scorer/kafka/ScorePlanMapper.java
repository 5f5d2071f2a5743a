package io.espalier.scorer.kafka;

import io.espalier.job.CompleteRequestMapper;
import io.espalier.job.InspectionMapper;
import io.espalier.job.JobSpec;
import io.espalier.job.RequestMapper;
import io.espalier.pipeline.stage.Step;
import io.espalier.scorer.domain.ScorePlan;
import io.espalier.scorer.domain.ScoreResult;
import io.espalier.scorer.domain.ScoreStep;
import io.espalier.scorer.domain.ScoreTask;
import io.espalier.v1.AcceptedRequest;
import io.espalier.v1.JobInputs;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.ScoreFact;
import io.espalier.v1.ScoringCompleted;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.util.List;

/** Maps the steps of a {@link ScorePlan} to protobuf: the tasks to issue, and the fact that ends scoring. */
final class ScorePlanMapper {
    private ScorePlanMapper() {}

    /** @param waves the results of the waves that are complete; each wave's results are in task order */
    static Step next(AcceptedRequest accepted, List<List<TaskResult>> waves) {
        JobSpec spec = RequestMapper.toSpec(accepted.getJobId(), accepted.getRequest());
        List<List<ScoreResult>> results = waves.stream()
                .map(wave -> wave.stream().map(ScoreMapper::result).toList())
                .toList();
        ScoreStep step = new ScorePlan(spec).next(results);
        PruneRequest request = CompleteRequestMapper.toWire(spec).toBuilder()
                .setPriority(accepted.getRequest().getPriority())
                .build();
        if (step instanceof ScoreStep.Run run) {
            return new Step.Run(
                    run.activity(),
                    List.of(),
                    tasks(request, waves, run.tasks()),
                    tasks(request, waves, run.carried()));
        }
        return new Step.HandOver(completed(request, (ScoreStep.Done) step));
    }

    private static List<Task> tasks(PruneRequest request, List<List<TaskResult>> waves, List<ScoreTask> tasks) {
        return tasks.stream()
                .map(task -> task(request, waves, ScoreMapper.toWire(task)))
                .toList();
    }

    private static Task task(PruneRequest request, List<List<TaskResult>> waves, Task.Builder task) {
        task.setJobId(request.getRequestId()).setRequest(request);
        if (!waves.isEmpty()) {
            JobInputs inputs = waves.get(0).get(0).getInspected();
            task.setInputs(inputs);
        }
        return task.build();
    }

    private static ScoreFact completed(PruneRequest request, ScoreStep.Done done) {
        ScoringCompleted.Builder completed =
                ScoringCompleted.newBuilder().setRequest(request).setInputs(InspectionMapper.toWire(done.inspection()));
        // On the wire a file is that of the layer at its place in the scope.
        done.scores().values().forEach(file -> completed.addScores(ScoreMapper.toWire(file)));
        done.controls().forEach(ranks -> completed.addControls(ScoreMapper.toWire(ranks)));
        return ScoreFact.newBuilder()
                .setJobId(request.getRequestId())
                .setCompleted(completed)
                .build();
    }
}
