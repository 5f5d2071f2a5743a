package io.espalier.cli;

import io.espalier.v1.Evaluation;
import io.espalier.v1.TaskData;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for the multiple-choice tasks of an evaluation. */
final class TaskOptions {
    @Option(
            names = "--task",
            paramLabel = "NAME=PATH",
            description =
                    "Ask the models the questions of a file, as lm-evaluation-harness does; once for each of boolq, piqa,"
                            + " hellaswag, winogrande, arc_easy, arc_challenge, openbookqa.")
    private @Nullable Map<String, String> tasks;

    @Option(
            names = "--task-limit",
            paramLabel = "N",
            description = "Questions from the start of each file. Default: all.")
    private @Nullable Integer limit;

    void changeIn(Evaluation.Builder evaluation) {
        if (tasks != null) {
            evaluation.clearTasks();
            tasks.forEach((task, data) ->
                    evaluation.addTasks(TaskData.newBuilder().setTask(task).setData(data)));
        }
        if (limit != null) {
            evaluation.getTasksBuilderList().forEach(task -> task.setLimit(limit));
        }
    }
}
