package io.espalier.pipeline.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestMapperTest {
    private static final String MINIMAL =
            "\"model\":\"m\",\"calibration\":{\"text\":\"t\"},\"pruning\":{\"unit_ratio\":0.5}";

    @Test
    void aMinimalRequestTakesTheDocumentedDefaults() {
        JobSpec spec = RequestMapper.toSpec("job", RequestJson.fromJson("{" + MINIMAL + "}"));

        assertThat(spec)
                .isEqualTo(new JobSpec(
                        "job",
                        "m",
                        "job",
                        new JobSpec.Text("t", 64, 128),
                        new JobSpec.Scoring(
                                "fms",
                                CriterionOptions.usual(),
                                new JobSpec.Gradient("zeroth-order", "gaussian", 8, 1e-3),
                                true),
                        new JobSpec.Pruning(
                                new Budget.UnitRatio(0.5), "uniform", "default", 32, Compensation.LEAST_SQUARES_BLEND),
                        new JobSpec.Evaluation(new JobSpec.Text("t", 0, 128), false, true),
                        0));
    }

    @Test
    void theCompleteRequestMeansTheSame() {
        JobSpec spec = RequestMapper.toSpec("job", RequestJson.fromJson("{" + MINIMAL + "}"));

        JobSpec again = RequestMapper.toSpec("job", CompleteRequest.of(spec));

        assertThat(again).isEqualTo(spec);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"unit_ratio\":0.5,\"allocation\":\"global\",\"compensation\":\"bias\"",
                "\"parameter_ratio\":0.2,\"compensation\":\"none\"",
                "\"bytes\":6000000000,\"compensation_target\":\"own\",\"round_to\":8",
            })
    void theCompleteRequestKeepsWhatPruningIsAskedFor(String pruning) {
        String json = "{\"model\":\"m\",\"calibration\":{\"text\":\"t\"},\"pruning\":{" + pruning + "}}";
        JobSpec spec = RequestMapper.toSpec("job", RequestJson.fromJson(json));

        JobSpec again = RequestMapper.toSpec("job", CompleteRequest.of(spec));

        assertThat(again).isEqualTo(spec);
    }

    @Test
    void budgetsAndRepairsAreReadUnderTheirNames() {
        assertThat(pruning("\"parameter_ratio\":0.2").budget()).isEqualTo(new Budget.ParameterRatio(0.2));
        assertThat(pruning("\"bytes\":6000000000").budget()).isEqualTo(new Budget.Bytes(6_000_000_000L));
        assertThat(pruning("\"bytes\":1,\"allocation\":\"global\"").allocation())
                .isEqualTo("global");
        assertThat(pruning("\"bytes\":1,\"compensation\":\"bias\"").compensation())
                .isEqualTo(Compensation.BIAS);
        assertThat(pruning("\"bytes\":1,\"compensation_target\":\"own\"").compensation())
                .isEqualTo(Compensation.LEAST_SQUARES_OWN);
    }

    private static JobSpec.Pruning pruning(String fields) {
        String json = "{\"model\":\"m\",\"calibration\":{\"text\":\"t\"},\"pruning\":{" + fields + "}}";
        return RequestMapper.toSpec("job", RequestJson.fromJson(json)).pruning();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "model                          | \"model\":\"\"",
                "calibration.text               | \"calibration\":{}",
                "calibration.samples            | \"calibration\":{\"text\":\"t\",\"samples\":1000000000}",
                "calibration.samples            | \"calibration\":{\"text\":\"t\",\"samples\":4294967295}",
                "calibration.sequence_length    | \"calibration\":{\"text\":\"t\",\"sequence_length\":1}",
                "pruning.unit_ratio             | \"pruning\":{\"unit_ratio\":0}",
                "pruning.unit_ratio             | \"pruning\":{\"unit_ratio\":1}",
                "pruning.unit_ratio             | \"pruning\":{\"unit_ratio\":-1}",
                "pruning.unit_ratio             | \"pruning\":{\"unit_ratio\":\"NaN\"}",
                "pruning.unit_ratio             | \"pruning\":{}",
                "pruning.parameter_ratio        | \"pruning\":{\"parameter_ratio\":1}",
                "pruning.parameter_ratio        | \"pruning\":{\"parameter_ratio\":\"NaN\"}",
                "pruning.parameter_ratio        | \"pruning\":{\"parameter_ratio\":0.5,\"unit_ratio\":0.5}",
                "pruning.parameter_ratio        | \"pruning\":{\"parameter_ratio\":0.5,\"bytes\":5}",
                "pruning.bytes                  | \"pruning\":{\"bytes\":5,\"unit_ratio\":0.5}",
                "pruning.bytes                  | \"pruning\":{\"bytes\":\"18446744073709551615\"}",
                "pruning.compensation_target    | \"pruning\":{\"unit_ratio\":0.5,\"compensation_target\":\"magic\"}",
                "pruning.compensation           | \"pruning\":{\"unit_ratio\":0.5,\"compensation\":\"magic\"}",
                "pruning.allocation             | \"pruning\":{\"unit_ratio\":0.5,\"allocation\":\"magic\"}",
                "pruning.round_to               | \"pruning\":{\"unit_ratio\":0.5,\"round_to\":70000}",
                "scoring.controls               | \"scoring\":{\"controls\":\"maybe\"}",
                "scoring.magnitude_p            | \"scoring\":{\"magnitude_p\":3}",
                "scoring.gradient.draws         | \"scoring\":{\"gradient\":{\"draws\":5000}}",
                "scoring.gradient.epsilon       | \"scoring\":{\"gradient\":{\"epsilon\":\"Infinity\"}}",
            })
    void aFieldThatCannotBeUsedIsNamed(String field, String json) {
        // The last value of a repeated JSON key would be an error, so the minimal fields go where they are not
        // overridden.
        String body = json;
        for (String part :
                new String[] {"\"model\":\"m\"", "\"calibration\":{\"text\":\"t\"}", "\"pruning\":{\"unit_ratio\":0.5}"
                }) {
            if (!json.startsWith(part.substring(0, part.indexOf(':')))) {
                body += "," + part;
            }
        }
        String request = "{" + body + "}";

        assertThatThrownBy(() -> RequestMapper.toSpec("job", RequestJson.fromJson(request)))
                .isInstanceOfSatisfying(
                        EspalierException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
                .hasMessageStartingWith(field);
    }
}
