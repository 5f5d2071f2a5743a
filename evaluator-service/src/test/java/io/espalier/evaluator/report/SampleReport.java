package io.espalier.evaluator.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.LayerShape;
import io.espalier.model.importance.UnitScores;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reports of jobs that never were. */
final class SampleReport {
    /** Closes every element it could stand in, and is a script of its own. */
    static final String HOSTILE =
            "</script><script>document.title='taken'</script><img src=x onerror=alert(1)>\u2028&lt;b&gt;'\"`${1}";

    private static final ObjectMapper JSON = new ObjectMapper();

    private SampleReport() {}

    /** JSON with simple quotes. */
    static JsonNode json(String text) {
        try {
            return JSON.readTree(text.replace('\'', '"'));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    static JobReport.Result result(JsonNode evaluation) {
        return new JobReport.Result(evaluation, List.of(), json("[]"), Optional.empty());
    }

    static JobReport.Result result(JsonNode evaluation, String search) {
        return new JobReport.Result(evaluation, List.of(), json("[]"), Optional.of(json(search)));
    }

    /** Two results, with everything that a page can show, of a model with a name that is up to no good. */
    static JobReport hostile() {
        LayerShape dense = new LayerShape(4, 4, 8, 64);
        return JobReport.of(
                "job",
                JSON.createObjectNode().put("model", HOSTILE),
                List.of(dense, dense, dense),
                List.of(full(HOSTILE, 8_000, 30.5), full("second", 6_000, 41.25)),
                Map.of(1, Map.of(HOSTILE, new UnitScores(new double[] {1, 2, 3, 4}, new double[] {1, 2}))));
    }

    private static JobReport.Result full(String text, long parameters, double perplexity) {
        ObjectNode evaluation = (ObjectNode) json("""
                {'dense': {'perplexity': 25.5, 'parameters': '10000', 'checkpoint_bytes': '20000',
                           'prefill_tokens_per_second': 1000.0, 'decode_tokens_per_second': 100.0, 'macs': '5'},
                 'pruned': {'checkpoint_bytes': '15000', 'prefill_tokens_per_second': 1500.0,
                            'decode_tokens_per_second': 90.0, 'macs': '4'},
                 'unrecovered': {'perplexity': 60.5, 'parameters': '8000'},
                 'recovery': {'windows': 16,
                   'local': {'order': 'parallel', 'steps': 20, 'layers': [
                     {'loss': {'points': [{'held_out': 0.5}, {'step': 20, 'trained': 0.3, 'held_out': 0.25}], 'best': 20}},
                     {'layer': 1, 'loss': {'points': [{'held_out': 0.4}, {'step': 20, 'trained': 0.3, 'held_out': 0.6}]}}]},
                   'lora': {'rank': 8, 'objective': 'distill', 'steps': 20, 'loss': {'best': 10, 'points': [
                     {'held_out': 0.125}, {'step': 10, 'trained': 0.1, 'held_out': 0.0625}]}}},
                 'layers': [{'heads': 4, 'kv_heads': 4, 'head_dim': 8, 'ffn_channels': 64},
                            {'heads': 3, 'kv_heads': 3, 'head_dim': 8, 'ffn_channels': 32},
                            {'heads': 4, 'kv_heads': 4, 'head_dim': 8, 'ffn_channels': 64}],
                 'zero_shot': {'dense': {'accuracy': 0.5, 'published': 0.625}, 'pruned': {'accuracy': 0.25, 'published': 0.375},
                   'unrecovered': {'accuracy': 0.125, 'published': 0.25}, 'tasks': [{'questions': 8, 'gained': 1, 'lost': 3,
                     'dense': {'accuracy': 0.5, 'accuracy_error': 0.1, 'normalized': 0.625, 'normalized_error': 0.125, 'answers': [5, 3]},
                     'pruned': {'accuracy': 0.25, 'normalized': 0.375, 'normalized_error': 0.0625, 'answers': [8]},
                     'unrecovered': {'accuracy': 0.125, 'normalized': 0.25, 'normalized_error': 0.0625, 'answers': [8]}}]},
                 'samples': {'tokens': 8, 'top': 40, 'temperature': 0.8, 'samples': [{'prompt': 'It was',
                   'dense': {'greedy': ' a dark night', 'drawn': ' in the garden'}, 'unrecovered': {'greedy': ' a a a', 'drawn': ' of'},
                   'pruned': {'drawn': ' the end'}}]},
                 'texts': [{'protocol': 'window-256', 'split': 'held-out', 'windows': 4, 'predictions': '1020',
                     'dense': {'perplexity': 20.5}, 'unrecovered': {'perplexity': 31, 'divergence': 0.4, 'agreement': 0.5},
                     'pruned': {'perplexity': 24, 'divergence': 0.2, 'agreement': 0.75}},
                   {'protocol': 'wikitext', 'split': 'held-out', 'windows': 2, 'predictions': '300', 'text': 'wiki',
                     'dense': {'perplexity': 20, 'word_perplexity': 90.5, 'byte_perplexity': 2.5, 'bits_per_byte': 1.25},
                     'unrecovered': {'perplexity': 31, 'word_perplexity': 99.5, 'byte_perplexity': 2.75, 'bits_per_byte': 1.5},
                     'pruned': {'perplexity': 24, 'word_perplexity': 95.5, 'byte_perplexity': 2.625, 'bits_per_byte': 1.375}}],
                 'controls': [{'layer': 1, 'attention': 0.5, 'ffn': 0.75}],
                 'masked': [{'perplexity': 50.5}], 'removed': [{'units': 12, 'removed': 1}],
                 'protocol': {'sequence_length': 128, 'predicted_tokens': '254', 'macs_tokens': 64, 'prefill_tokens': 128,
                              'decode_tokens': 32, 'threads': 2, 'weight_type': 'bf16'},
                 'provenance': {'seed': '7', 'calibration': {'tokens': '100', 'documents': '1'}}}
                """);
        object(evaluation, "/pruned").put("perplexity", perplexity).put("parameters", String.valueOf(parameters));
        evaluation.put("output", text);
        for (String place : List.of(
                "/controls/0:control",
                "/masked/0:set",
                "/removed/0:kind",
                "/zero_shot/tasks/0:task",
                "/texts/0:text",
                "/samples/samples/0/pruned:greedy",
                "/protocol:runtime",
                "/protocol:split",
                "/provenance:criterion",
                "/provenance/calibration:beginning_text")) {
            String[] parts = place.split(":", -1);
            object(evaluation, parts[0]).put(parts[1], text);
        }
        object(evaluation, "/protocol").putArray("notes").add(text);
        object(evaluation, "/provenance").putArray("notes").add(text);
        JsonNode search = json("""
                {'candidates': [{'name': 'uniform', 'chosen': false, 'parameters': 8000, 'predicted': 0.5, 'divergence': 0.25},
                                {'name': 'odd', 'chosen': true, 'parameters': 8000, 'predicted': 0.25, 'divergence': 0.125}],
                 'components': [{'layer': 1, 'half': 'attention', 'kept': [4, 3, 2, 1], 'estimated': [0, 0.1, 0.4, 1.5]},
                                {'layer': 1, 'half': 'ffn', 'kept': [64, 32, 0], 'estimated': [0, 0.2, 2.5]}]}
                """);
        object(search, "/candidates/1").put("name", text);
        JsonNode repairs = json("""
                [{'layer': 1, 'attention': {'error_none': 0.5, 'error': 0.25, 'damping': 1},
                  'ffn': {'error_none': 0.4, 'error': 0.1, 'damping': 1}}]
                """);
        return new JobReport.Result(evaluation, List.of(), repairs, Optional.of(search));
    }

    private static ObjectNode object(JsonNode tree, String place) {
        return (ObjectNode) tree.at(place);
    }
}
