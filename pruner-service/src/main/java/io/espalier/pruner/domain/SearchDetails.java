package io.espalier.pruner.domain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.LayerShape;
import io.espalier.model.search.ComponentPrices;
import java.util.List;
import java.util.Map;

/**
 * All that a search measured for one checkpoint, for people who want to know why it chose what it chose.
 *
 * @param candidates what was compared, in few numbers
 * @param shapes of each candidate, by its name
 * @param estimated prices of all components
 * @param measured prices of the same components in the same order; empty where the estimate was enough
 */
record SearchDetails(
        List<SearchCandidate> candidates,
        Map<String, List<LayerShape>> shapes,
        List<ComponentPrices> estimated,
        List<ComponentPrices> measured) {
    /** Name of the file in an artifact. */
    static final String FILE = "search.json";

    private static final ObjectMapper JSON = new ObjectMapper();

    byte[] toJson() {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode compared = root.putArray("candidates");
        candidates.forEach(candidate -> compared.add(json(candidate)));
        ArrayNode components = root.putArray("components");
        for (int i = 0; i < estimated.size(); i++) {
            ObjectNode component = json(estimated.get(i));
            if (!measured.isEmpty()) {
                component.set("measured", JSON.valueToTree(measured.get(i).prices()));
            }
            components.add(component);
        }
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a search is always printable", e);
        }
    }

    private ObjectNode json(SearchCandidate candidate) {
        ObjectNode node = JSON.createObjectNode()
                .put("name", candidate.name())
                .put("chosen", candidate.chosen())
                .put("parameters", candidate.parameters())
                .put("predicted", candidate.predicted())
                .put("divergence", candidate.divergence());
        ArrayNode layers = node.putArray("layers");
        shapes.getOrDefault(candidate.name(), List.of()).forEach(shape -> layers.addObject()
                .put("heads", shape.heads())
                .put("kv_heads", shape.kvHeads())
                .put("ffn_channels", shape.ffnChannels()));
        return node;
    }

    private static ObjectNode json(ComponentPrices prices) {
        ObjectNode node = JSON.createObjectNode()
                .put("layer", prices.layer())
                .put("half", new Component(prices.layer(), prices.half()).label());
        node.set("kept", JSON.valueToTree(prices.kept()));
        node.set("estimated", JSON.valueToTree(prices.prices()));
        return node;
    }
}
