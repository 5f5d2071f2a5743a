package io.espalier.pipeline.stage;

import io.espalier.v1.JobState;

/** The three stages and the topics each of them lives between. */
public enum StageName {
    SCORER("scorer", "accepted-requests", "score-tasks", "score-results", "layer-scores", JobState.SCORING),
    PRUNER("pruner", "layer-scores", "prune-tasks", "prune-results", "pruned-checkpoints", JobState.PRUNING),
    EVALUATOR(
            "evaluator",
            "pruned-checkpoints",
            "evaluation-tasks",
            "evaluation-results",
            "evaluations",
            JobState.EVALUATING);

    private final String label;
    private final String inputTopic;
    private final String taskTopic;
    private final String resultTopic;
    private final String factTopic;
    private final JobState state;

    StageName(String label, String input, String tasks, String results, String facts, JobState state) {
        this.label = label;
        this.inputTopic = input;
        this.taskTopic = tasks;
        this.resultTopic = results;
        this.factTopic = facts;
        this.state = state;
    }

    /** As in events and metrics. */
    public String label() {
        return label;
    }

    public String inputTopic() {
        return inputTopic;
    }

    public String taskTopic() {
        return taskTopic;
    }

    public String resultTopic() {
        return resultTopic;
    }

    public String factTopic() {
        return factTopic;
    }

    /** State of a job this stage owns. */
    public JobState state() {
        return state;
    }

    /** The stage an event was written by. */
    public static StageName of(String label) {
        for (StageName stage : values()) {
            if (stage.label.equals(label)) {
                return stage;
            }
        }
        throw new IllegalArgumentException("no stage " + label);
    }
}
