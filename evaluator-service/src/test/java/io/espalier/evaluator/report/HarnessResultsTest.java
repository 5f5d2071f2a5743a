package io.espalier.evaluator.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class HarnessResultsTest {
    private static final JsonNode EVALUATION = SampleReport.json("""
            {'zero_shot': {'dense': {}, 'pruned': {}, 'tasks': [
               {'task': 'boolq', 'questions': 8, 'dense': {'accuracy': 0.5, 'accuracy_error': 0.125}},
               {'task': 'piqa', 'questions': 1, 'dense': {'accuracy': 1, 'normalized': 0.5}}]},
             'texts': [{'protocol': 'window-128', 'dense': {'perplexity': 5}},
               {'protocol': 'wikitext', 'documents': '62', 'dense': {'word_perplexity': 12.5, 'byte_perplexity': 1.5, 'bits_per_byte': 0.5}}]}
            """);

    @Test
    void accuraciesAndPerplexitiesStandWhereTheHarnessWritesThem() throws Exception {
        // When
        JsonNode file = new ObjectMapper().readTree(HarnessResults.of(EVALUATION, "dense", "org/llama"));

        // Then
        assertThat(file.at("/results/boolq/acc,none").asDouble()).isEqualTo(0.5);
        assertThat(file.at("/results/boolq/acc_stderr,none").asDouble()).isEqualTo(0.125);
        assertThat(file.at("/results/boolq").has("acc_norm,none")).isFalse();
        assertThat(file.at("/results/piqa/acc_norm,none").asDouble()).isEqualTo(0.5);
        assertThat(file.at("/results/piqa/acc_stderr,none").asText()).isEqualTo("N/A");
        assertThat(file.at("/results/wikitext/word_perplexity,none").asDouble()).isEqualTo(12.5);
        assertThat(file.at("/results/wikitext/bits_per_byte,none").asDouble()).isEqualTo(0.5);
        assertThat(file.at("/versions/boolq").asDouble()).isEqualTo(2);
        assertThat(file.at("/versions/piqa").asDouble()).isEqualTo(1);
        assertThat(file.at("/configs/boolq/output_type").asText()).isEqualTo("multiple_choice");
        assertThat(file.at("/configs/wikitext/output_type").asText()).isEqualTo("loglikelihood_rolling");
        assertThat(file.at("/n-samples/wikitext/effective").asInt()).isEqualTo(62);
        assertThat(file.at("/higher_is_better/wikitext/byte_perplexity").asBoolean(true))
                .isFalse();
        assertThat(file.at("/model_name").asText()).isEqualTo("org/llama");
    }

    @Test
    void aModelThatWasNotMeasuredSoHasNoFile() {
        assertThat(HarnessResults.hold(EVALUATION, "dense")).isTrue();
        assertThat(HarnessResults.hold(EVALUATION, "unrecovered")).isFalse();
        assertThat(HarnessResults.hold(
                        SampleReport.json("{'texts': [{'protocol': 'window-64', 'dense': {}}]}"), "dense"))
                .isFalse();
    }
}
