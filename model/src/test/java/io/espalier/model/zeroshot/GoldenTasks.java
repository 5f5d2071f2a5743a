package io.espalier.model.zeroshot;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.model.file.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;

/** Small files of each task, and what lm-evaluation-harness 0.4.13 says of the demo model for them. */
final class GoldenTasks {
    private static final Path QUESTIONS = Path.of("..", "deploy", "demo", "tasks");
    private static final Path EXPECTED = Path.of("src/test/resources/zero-shot/expected.json");

    /** Log-likelihoods that are closer may change their order with the rounding. */
    static final double TOLERANCE = 2e-3;

    private GoldenTasks() {}

    static List<Question> questions(ZeroShotTask task) {
        return QuestionFile.read(task, "tasks", QUESTIONS.resolve(task.label() + ".jsonl"), Integer.MAX_VALUE);
    }

    /** Its documents and figures. */
    static JsonNode expected(ZeroShotTask task) {
        return StrictJson.readObject(EXPECTED, 1_000_000).path("tasks").path(task.label());
    }

    static List<JsonNode> documents(ZeroShotTask task) {
        return list(expected(task).path("docs"));
    }

    static List<JsonNode> list(JsonNode values) {
        return StreamSupport.stream(values.spliterator(), false).toList();
    }

    static double[] doubles(JsonNode values) {
        return list(values).stream().mapToDouble(JsonNode::doubleValue).toArray();
    }

    static List<String> texts(JsonNode values) {
        List<String> texts = new ArrayList<>();
        values.forEach(value -> texts.add(value.textValue()));
        return texts;
    }
}
