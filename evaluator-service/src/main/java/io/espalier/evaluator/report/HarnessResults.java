package io.espalier.evaluator.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The accuracies of one model in the layout of the results file of lm-evaluation-harness, for those who have tools that read
 * it.
 */
final class HarnessResults {
    private static final ObjectMapper JSON = new ObjectMapper();

    private HarnessResults() {}

    /**
     * @param zeroShot of an evaluation report
     * @param model dense, pruned or unrecovered, as the report names it
     * @param name of the model, for the file
     */
    static String of(JsonNode zeroShot, String model, String name) {
        ObjectNode root = JSON.createObjectNode();
        ObjectNode results = root.putObject("results");
        ObjectNode shots = root.putObject("n-shot");
        ObjectNode better = root.putObject("higher_is_better");
        ObjectNode samples = root.putObject("n-samples");
        for (JsonNode task : zeroShot.path("tasks")) {
            String label = task.path("task").asText();
            JsonNode accuracy = task.path(model);
            ObjectNode figures = results.putObject(label).put("alias", label);
            figures.put("acc,none", accuracy.path("accuracy").asDouble());
            figures.set("acc_stderr,none", orUnknown(accuracy.path("accuracy_error")));
            if (accuracy.has("normalized")) {
                figures.put("acc_norm,none", accuracy.path("normalized").asDouble());
                figures.set("acc_norm_stderr,none", orUnknown(accuracy.path("normalized_error")));
            }
            shots.put(label, 0);
            better.putObject(label).put("acc", true).put("acc_norm", true);
            samples.putObject(label).put("effective", task.path("questions").asInt());
        }
        root.putObject("config").put("model", "espalier").put("model_args", "pretrained=" + name);
        root.put("model_name", name);
        return root.toPrettyString() + "\n";
    }

    /** As the harness writes an error that cannot be known. */
    private static JsonNode orUnknown(JsonNode error) {
        return error.isMissingNode() ? JSON.getNodeFactory().textNode("N/A") : error;
    }
}
