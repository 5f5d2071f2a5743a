package io.espalier.evaluator.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/**
 * What one model was measured by as lm-evaluation-harness 0.4.13 measures, multiple-choice tasks and {@code wikitext}, in the layout
 * of its results file, for those who have tools that read it.
 */
final class HarnessResults {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String WIKITEXT = "wikitext";

    /** Versions of the harness's task files; those of the others are {@value #USUAL_VERSION}. */
    private static final Map<String, Double> VERSIONS = Map.of("boolq", 2.0, WIKITEXT, 2.0);

    private static final double USUAL_VERSION = 1.0;

    private final ObjectNode root = JSON.createObjectNode();
    private final ObjectNode results = root.putObject("results");
    private final ObjectNode versions = root.putObject("versions");
    private final ObjectNode shots = root.putObject("n-shot");
    private final ObjectNode better = root.putObject("higher_is_better");
    private final ObjectNode configs = root.putObject("configs");
    private final ObjectNode samples = root.putObject("n-samples");

    private HarnessResults() {}

    /** Whether a model of the evaluation was measured so. */
    static boolean hold(JsonNode evaluation, String model) {
        return evaluation.path("zero_shot").has(model) || wikitext(evaluation).has(model);
    }

    /**
     * @param evaluation report
     * @param model dense, pruned or unrecovered, as the report names it
     * @param name of the model, for the file
     */
    static String of(JsonNode evaluation, String model, String name) {
        HarnessResults file = new HarnessResults();
        evaluation.path("zero_shot").path("tasks").forEach(task -> file.add(task, model));
        JsonNode pages = wikitext(evaluation);
        if (pages.has(model)) {
            file.addWikitext(pages, model);
        }
        file.root.putObject("config").put("model", "espalier").put("model_args", "pretrained=" + name);
        file.root.put("model_name", name);
        return file.root.toPrettyString() + "\n";
    }

    private void add(JsonNode task, String model) {
        String label = task.path("task").asText();
        JsonNode accuracy = task.path(model);
        ObjectNode figures =
                task(label, "multiple_choice", task.path("questions").asInt());
        figures.put("acc,none", accuracy.path("accuracy").asDouble());
        figures.set("acc_stderr,none", orUnknown(accuracy.path("accuracy_error")));
        ObjectNode higher = better.putObject(label).put("acc", true);
        if (accuracy.has("normalized")) {
            figures.put("acc_norm,none", accuracy.path("normalized").asDouble());
            figures.set("acc_norm_stderr,none", orUnknown(accuracy.path("normalized_error")));
            higher.put("acc_norm", true);
        }
    }

    private void addWikitext(JsonNode text, String model) {
        JsonNode measured = text.path(model);
        ObjectNode figures =
                task(WIKITEXT, "loglikelihood_rolling", text.path("documents").asInt());
        ObjectNode higher = better.putObject(WIKITEXT);
        for (String metric : new String[] {"word_perplexity", "byte_perplexity", "bits_per_byte"}) {
            figures.put(metric + ",none", measured.path(metric).asDouble());
            figures.put(metric + "_stderr,none", "N/A");
            higher.put(metric, false);
        }
    }

    private ObjectNode task(String label, String kind, int documents) {
        double version = VERSIONS.getOrDefault(label, USUAL_VERSION);
        versions.put(label, version);
        configs.putObject(label)
                .put("task", label)
                .put("output_type", kind)
                .put("num_fewshot", 0)
                .putObject("metadata")
                .put("version", version);
        shots.put(label, 0);
        samples.putObject(label).put("effective", documents);
        return results.putObject(label).put("alias", label);
    }

    /** The first text that was measured by this protocol; missing where none was. */
    private static JsonNode wikitext(JsonNode evaluation) {
        for (JsonNode text : evaluation.path("texts")) {
            if (text.path("protocol").asText().equals(WIKITEXT)) {
                return text;
            }
        }
        return JSON.missingNode();
    }

    /** As the harness writes an error that cannot be known. */
    private static JsonNode orUnknown(JsonNode error) {
        return error.isMissingNode() ? JSON.getNodeFactory().textNode("N/A") : error;
    }
}
