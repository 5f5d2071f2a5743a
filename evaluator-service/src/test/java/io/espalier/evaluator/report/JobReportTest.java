package io.espalier.evaluator.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.model.LayerShape;
import io.espalier.model.importance.UnitScores;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JobReportTest {
    private static final LayerShape DENSE = new LayerShape(4, 2, 8, 64);

    @Test
    void everyResultKeepsItsEvaluationAndItsOwnCandidates() {
        JsonNode first = SampleReport.json("{'output': 'a'}");
        JsonNode second = SampleReport.json("{'output': 'b'}");

        JsonNode tree = report(
                List.of(
                        SampleReport.result(
                                first, "{'candidates': [{'name': 'uniform'}], 'components': [{'layer': 1}]}"),
                        SampleReport.result(second, "{'candidates': [], 'components': [{'layer': 1}]}")),
                Map.of());

        assertThat(tree.at("/results/0/evaluation")).isEqualTo(first);
        assertThat(tree.at("/results/1/evaluation")).isEqualTo(second);
        assertThat(tree.at("/results/0/candidates/0/name").asText()).isEqualTo("uniform");
        assertThat(tree.at("/results/1/candidates")).isEmpty();
    }

    @Test
    void pricesThatAllResultsShareStandInItOnce() {
        String search = "{'candidates': [], 'components': [{'layer': 1, 'half': 'ffn'}]}";
        JsonNode evaluation = SampleReport.json("{}");

        JsonNode tree = report(
                List.of(SampleReport.result(evaluation, search), SampleReport.result(evaluation, search)), Map.of());

        assertThat(tree.get("prices")).hasSize(1);
        assertThat(tree.findValues("components")).isEmpty();
    }

    @Test
    void whatAJobDidNotMeasureIsAbsent() {
        JsonNode tree = report(List.of(SampleReport.result(SampleReport.json("{}"))), Map.of());

        assertThat(tree.fieldNames())
                .toIterable()
                .containsExactly("format", "job_id", "request", "dense_layers", "results");
        assertThat(tree.at("/results/0").fieldNames()).toIterable().containsExactly("evaluation");
    }

    @Test
    void theShapesOfTheDenseModelAreThere() {
        JsonNode tree = report(List.of(SampleReport.result(SampleReport.json("{}"))), Map.of());

        assertThat(tree.get("dense_layers"))
                .containsExactly(SampleReport.json("{'heads': 4, 'kv_heads': 2, 'head_dim': 8, 'ffn_channels': 64}"));
    }

    @Test
    void theSpreadIsThatOfTheCriterionAndNotOfItsControls() {
        Map<String, UnitScores> sets = new LinkedHashMap<>();
        sets.put("fms", new UnitScores(new double[] {3, 1, 2}, new double[] {0, 100}));
        sets.put("fms/none", new UnitScores(new double[] {7, 7, 7}, new double[] {7, 7}));

        JsonNode importance = report(List.of(SampleReport.result(SampleReport.json("{}"))), Map.of(2, sets))
                .get("importance");

        assertThat(importance.get("criterion").asText()).isEqualTo("fms");
        JsonNode layer = importance.at("/layers/0");
        assertThat(layer.get("layer").asInt()).isEqualTo(2);
        assertThat(layer.at("/attention/units").asInt()).isEqualTo(3);
        assertThat(layer.at("/attention/quantiles")).hasSize(21);
        assertThat(layer.at("/attention/quantiles/0").asDouble()).isEqualTo(1);
        assertThat(layer.at("/attention/quantiles/10").asDouble()).isEqualTo(2);
        assertThat(layer.at("/attention/quantiles/20").asDouble()).isEqualTo(3);
        assertThat(layer.at("/ffn/quantiles/5").asDouble()).isEqualTo(25);
    }

    @Test
    void scoresThatAreNoNumbersAndKindsWithoutUnitsAreLeftOut() {
        Map<String, UnitScores> sets =
                Map.of("obs", new UnitScores(new double[0], new double[] {Double.NaN, 5, Double.POSITIVE_INFINITY}));

        JsonNode layer = report(List.of(SampleReport.result(SampleReport.json("{}"))), Map.of(0, sets))
                .at("/importance/layers/0");

        assertThat(layer.has("attention")).isFalse();
        assertThat(layer.at("/ffn/units").asInt()).isEqualTo(1);
        assertThat(layer.at("/ffn/quantiles/20").asDouble()).isEqualTo(5);
    }

    private static JsonNode report(List<JobReport.Result> results, Map<Integer, Map<String, UnitScores>> scores) {
        return JobReport.of("job", SampleReport.json("{'model': 'llama'}"), List.of(DENSE), results, scores)
                .tree();
    }
}
