package io.espalier.evaluator.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.LayerShape;
import io.espalier.model.importance.UnitScores;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that a person may want to know of a job that has ended well, put together from what its stages left. What a job did not
 * measure is absent.
 *
 * @param tree the data of the page
 */
public record JobReport(JsonNode tree) {
    /** Raised when a field changes its meaning; fields that are added leave it as it is. */
    static final int FORMAT = 1;

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * One checkpoint of the job.
     *
     * @param evaluation its evaluation report
     * @param keptLayers index that each layer had in the dense model; empty unless whole layers went
     * @param repairs what the compensation of each layer did
     * @param search {@code search.json} of the artifact; empty unless the shapes were searched
     */
    public record Result(JsonNode evaluation, List<Integer> keptLayers, JsonNode repairs, Optional<JsonNode> search) {
        public Result {
            keptLayers = List.copyOf(keptLayers);
        }
    }

    public JobReport {
        tree = tree.deepCopy();
    }

    @Override
    public JsonNode tree() {
        return tree.deepCopy();
    }

    /**
     * @param request of the user, without its identity
     * @param dense shapes of the dense model
     * @param results one for each budget, in the order of the request
     * @param scores the score sets of each layer; empty where the artifact has none
     */
    public static JobReport of(
            String jobId,
            JsonNode request,
            List<LayerShape> dense,
            List<Result> results,
            Map<Integer, Map<String, UnitScores>> scores) {
        ObjectNode root = JSON.createObjectNode().put("format", FORMAT).put("job_id", jobId);
        root.set("request", request);
        ArrayNode layers = root.putArray("dense_layers");
        dense.forEach(layer -> layers.addObject()
                .put("heads", layer.heads())
                .put("kv_heads", layer.kvHeads())
                .put("head_dim", layer.headDim())
                .put("ffn_channels", layer.ffnChannels()));
        ArrayNode all = root.putArray("results");
        results.forEach(result -> all.add(json(result)));
        // All budgets share one scoring and one pricing.
        results.stream()
                .flatMap(result -> result.search().stream())
                .map(search -> search.path("components"))
                .filter(prices -> !prices.isEmpty())
                .findFirst()
                .ifPresent(prices -> root.set("prices", prices));
        if (!scores.isEmpty()) {
            root.set("importance", ScoreQuantiles.of(scores));
        }
        return new JobReport(root);
    }

    private static ObjectNode json(Result result) {
        ObjectNode node = JSON.createObjectNode();
        node.set("evaluation", result.evaluation());
        if (!result.keptLayers().isEmpty()) {
            node.set("kept_layers", JSON.valueToTree(result.keptLayers()));
        }
        if (!result.repairs().isEmpty()) {
            node.set("repairs", result.repairs());
        }
        result.search()
                .map(search -> search.path("candidates"))
                .ifPresent(candidates -> node.set("candidates", candidates));
        return node;
    }

    /** The text of {@code report.json}. */
    public String json() {
        return write(true) + "\n";
    }

    /** The same in one line. */
    String compact() {
        return write(false);
    }

    private String write(boolean pretty) {
        try {
            return pretty
                    ? JSON.writerWithDefaultPrettyPrinter().writeValueAsString(tree)
                    : JSON.writeValueAsString(tree);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree is always printable", e);
        }
    }
}
