package io.espalier.evaluator.kafka;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.Progress;
import io.espalier.evaluator.domain.ZeroShotWork;
import io.espalier.job.InspectionMapper;
import io.espalier.job.RequestMapper;
import io.espalier.job.Workspace;
import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.zeroshot.Question;
import io.espalier.v1.AskWork;
import io.espalier.v1.Asked;
import io.espalier.v1.ModelAnswers;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;

/** {@link ZeroShotWork} on the wire; also leaves every answer among the job's measurements. */
record ZeroShotWorkMapper(ZeroShotWork work, ArtifactStore artifacts) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static ZeroShotWorkMapper in(Workspace workspace, String codeVersion) {
        return new ZeroShotWorkMapper(new ZeroShotWork(workspace, codeVersion), workspace.artifacts());
    }

    TaskResult.Builder run(Task task, Progress progress) {
        AskWork ask = task.getEvaluate().getAsk();
        ZeroShotWork.Answers answers = work.ask(
                RequestMapper.toSpec(task.getJobId(), task.getRequest()),
                InspectionMapper.fromWire(task.getInputs()),
                EvaluationMapper.all(task.getEvaluate().getCheckpoint()),
                new ZeroShotWork.Slice(ask.getTask(), ask.getFirstQuestion(), ask.getLastQuestion()),
                progress);
        artifacts.writeReport(task.getJobId(), task.getTaskId() + ".jsonl", lines(answers, ask.getFirstQuestion()));
        Asked.Builder asked = Asked.newBuilder();
        answers.models().forEach(model -> asked.addModels(toWire(model)));
        return TaskResult.newBuilder().setAsked(asked);
    }

    private static ModelAnswers toWire(ZeroShotWork.ModelAnswers model) {
        return ModelAnswers.newBuilder()
                .setQuestions(model.score().questions())
                .setRight(model.score().right())
                .setNormalizedRight(model.score().normalizedRight())
                .addAllAnswers(model.score().answers())
                .setGained(model.gained())
                .setLost(model.lost())
                .build();
    }

    /** A line of JSON for each question: what was asked, and what each model said to each choice. */
    private static String lines(ZeroShotWork.Answers answers, int first) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < answers.questions().size(); i++) {
            Question question = answers.questions().get(i);
            ObjectNode line = JSON.createObjectNode()
                    .put("task", answers.task().label())
                    .put("question", first + i)
                    .put("right", question.right());
            question.choices().forEach(choice -> line.withArray("choices")
                    .addObject()
                    .put("context", choice.context())
                    .put("continuation", choice.continuation()));
            for (ZeroShotWork.ModelAnswers model : answers.models()) {
                double[] measured = model.logLikelihoods()[i];
                ObjectNode said = line.withArray("models").addObject().put("model", model.name());
                said.set("log_likelihoods", JSON.valueToTree(measured));
                said.put("answer", question.answer(measured));
                said.put("normalized_answer", question.normalizedAnswer(measured));
            }
            try {
                lines.append(JSON.writeValueAsString(line)).append('\n');
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("a tree is always printable", e);
            }
        }
        return lines.toString();
    }
}
