package io.espalier.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.AttentionUnit;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.UnitRounding;
import io.espalier.model.recovery.LocalTraining;
import io.espalier.model.recovery.LoraTraining;
import io.espalier.model.sparsity.LinearChoice;
import io.espalier.model.sparsity.SparsityPattern;
import io.espalier.pipeline.request.RequestJson;
import io.espalier.v1.Export;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
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
                        JobSpec.Text.of("t", 64, 128),
                        new JobSpec.Scoring(
                                "fms",
                                CriterionOptions.usual(),
                                new JobSpec.Gradient("zeroth-order", "gaussian", 8, 1e-3, false),
                                JobSpec.Controls.RANKS,
                                ""),
                        new JobSpec.Pruning(
                                "default",
                                new Target.Units(
                                        List.of(new Target.Variant("job", new Budget.UnitRatio(0.5))),
                                        AttentionUnit.KV_GROUP,
                                        "uniform",
                                        Optional.empty(),
                                        new UnitRounding(32),
                                        Compensation.LEAST_SQUARES_BLEND,
                                        false)),
                        new JobSpec.Evaluation(
                                JobSpec.Text.of("t", 0, 128),
                                false,
                                true,
                                Optional.empty(),
                                List.of(),
                                List.of(),
                                JobSpec.Prompts.NONE),
                        JobSpec.Export.TRANSFORMERS,
                        Optional.empty(),
                        0));
    }

    @Test
    void theCompleteRequestMeansTheSame() {
        JobSpec spec = RequestMapper.toSpec("job", RequestJson.fromJson("{" + MINIMAL + "}"));

        JobSpec again = RequestMapper.toSpec("job", CompleteRequestMapper.toWire(spec));

        assertThat(again).isEqualTo(spec);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{}                                           | transformers | none",
                "{\"gguf\":\"q8_0\"}                            | transformers | q8_0",
                "{\"runtime\":\"vllm\"}                         | vllm         | none",
                "{\"runtime\":\"llama.cpp\"}                    | llama.cpp    | f16",
                "{\"runtime\":\"any\",\"gguf\":\"bf16\"}          | any          | bf16",
            })
    void theRuntimeSaysWhetherThereIsAGgufFileUnlessTheRequestDoes(String export, String runtime, String gguf) {
        String json = "{%s,\"export\":%s}".formatted(MINIMAL, export);

        JobSpec spec = RequestMapper.toSpec("job", RequestJson.fromJson(json));

        assertThat(CompleteRequestMapper.toWire(spec).getExport())
                .isEqualTo(Export.newBuilder().setRuntime(runtime).setGguf(gguf).build());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"unit_ratio\":0.5,\"allocation\":\"global\",\"compensation\":\"bias\"",
                "\"parameter_ratio\":0.2,\"compensation\":\"none\"",
                "\"bytes\":6000000000,\"compensation_target\":\"own\",\"round_to\":8",
                "\"unit_ratio\":0.5,\"selection\":\"sequential\"",
                "\"unit_ratio\":0.5,\"allocation\":\"searched\"",
                "\"bytes\":6000000000,\"allocation\":\"searched\",\"search\":{\"effort\":\"estimate\"}",
                "\"budgets\":[{\"unit_ratio\":0.2,\"output\":\"a\"},{\"bytes\":70},{\"parameter_ratio\":0.1}]",
                "\"target\":\"layers\",\"unit_ratio\":0.3",
                "\"target\":\"2:4\",\"linears\":[\"mlp\",\"q_proj\"]",
                "\"target\":\"unstructured\",\"sparsity\":0.6",
            })
    void theCompleteRequestKeepsWhatPruningIsAskedFor(String pruning) {
        String json = "{\"model\":\"m\",\"calibration\":{\"text\":\"t\"},\"pruning\":{" + pruning + "}}";
        JobSpec spec = RequestMapper.toSpec("job", RequestJson.fromJson(json));

        JobSpec again = RequestMapper.toSpec("job", CompleteRequestMapper.toWire(spec));

        assertThat(again).isEqualTo(spec);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"local\":{\"order\":\"sequential\",\"steps\":5,\"batch\":3,\"learning_rate\":0.1},\"samples\":40}",
                "{\"lora\":{},\"keep_unrecovered\":true}",
                "{\"lora\":{\"warmup_steps\":0}}",
                "{\"local\":{},\"lora\":{\"rank\":4,\"alpha\":8,\"linears\":[\"q_proj\"],\"objective\":\"next-token\",\"steps\":6,\"batch\":2,\"learning_rate\":0.2,\"warmup_steps\":1}}",
            })
    void theCompleteRequestKeepsWhichRecoveryIsAskedFor(String recovery) {
        JobSpec spec = RequestMapper.toSpec("job", RequestJson.fromJson(recovering(recovery)));

        JobSpec again = RequestMapper.toSpec("job", CompleteRequestMapper.toWire(spec));

        assertThat(spec.recovery()).isPresent();
        assertThat(again).isEqualTo(spec);
    }

    @Test
    void anEmptyRecoveryIsTheLocalOneWithTheDocumentedDefaults() {
        assertThat(RequestMapper.toSpec("job", RequestJson.fromJson(recovering("{}")))
                        .recovery())
                .contains(new Recovery(
                        Optional.of(new LocalTraining(false, 150, 16, 1e-3)),
                        Optional.empty(),
                        Optional.empty(),
                        512,
                        false));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"target\":\"2:4\"", "\"target\":\"unstructured\",\"sparsity\":0.5"})
    void anEmptyRecoveryOfAMaskIsTheLocalOneToo(String pruning) {
        String json = "{\"model\":\"m\",\"calibration\":{\"text\":\"t\"},\"pruning\":{%s},\"recovery\":{}}"
                .formatted(pruning);

        JobSpec spec = RequestMapper.toSpec("job", RequestJson.fromJson(json));

        assertThat(spec.recovery().orElseThrow().local()).contains(new LocalTraining(false, 150, 16, 1e-3));
        assertThat(spec.recovery().orElseThrow().lora()).isEmpty();
        assertThat(RequestMapper.toSpec("job", CompleteRequestMapper.toWire(spec)))
                .isEqualTo(spec);
    }

    @Test
    void adaptersAreRefusedToAMaskNamingWhatKeepsItsZeros() {
        String json = "{\"model\":\"m\",\"calibration\":{\"text\":\"t\"},\"pruning\":{\"target\":\"2:4\"},"
                + "\"recovery\":{\"lora\":{}}}";

        assertThatThrownBy(() -> RequestMapper.toSpec("job", RequestJson.fromJson(json)))
                .hasMessageContaining("would fill those that became zero; give recovery.local instead");
    }

    @Test
    void adaptersAloneTakeTheDocumentedDefaults() {
        assertThat(RequestMapper.toSpec("job", RequestJson.fromJson(recovering("{\"lora\":{}}")))
                        .recovery())
                .contains(new Recovery(
                        Optional.empty(),
                        Optional.of(
                                new LoraTraining(8, 16, List.of(), LoraTraining.Objective.DISTILL, 300, 16, 1e-3, 30)),
                        Optional.empty(),
                        512,
                        false));
    }

    @Test
    void theUnrecoveredCheckpointIsAnOutputToo() {
        String json = "{%s,\"output\":\"o\",\"recovery\":{\"keep_unrecovered\":true}}".formatted(MINIMAL);

        assertThat(RequestMapper.toSpec("job", RequestJson.fromJson(json))
                        .outputsByField()
                        .values())
                .containsExactly("o", "o-unrecovered");
    }

    private static String recovering(String recovery) {
        return "{%s,\"recovery\":%s}".formatted(MINIMAL, recovery);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"calibration\":{\"text\":\"t\",\"text_field\":\"body\",\"bos\":false},\"evaluation\":{\"text\":\"e\",\"text_field\":\"page\",\"bos\":true}",
                "\"calibration\":{\"text\":\"t\",\"windows\":\"per-document\"}",
                "\"calibration\":{\"texts\":[{\"text\":\"t\",\"weight\":0.5},{\"text\":\"u\",\"text_field\":\"body\"}]}",
            })
    void theCompleteRequestKeepsWhichTextsAreRead(String texts) {
        String json = "{\"model\":\"m\",\"pruning\":{\"unit_ratio\":0.5}," + texts + "}";
        JobSpec spec = RequestMapper.toSpec("job", RequestJson.fromJson(json));

        JobSpec again = RequestMapper.toSpec("job", CompleteRequestMapper.toWire(spec));

        assertThat(again).isEqualTo(spec);
    }

    @ParameterizedTest
    @CsvSource({"'', ", "espalier, ESPALIER", "llama.cpp, LLAMA_CPP"})
    void theRuntimeOfTheSpeedsStaysOpenUnlessItIsNamed(String asked, @Nullable SpeedRuntime runtime) {
        String json = "{%s,\"evaluation\":{\"runtime\":\"%s\"}}".formatted(MINIMAL, asked);

        JobSpec spec = RequestMapper.toSpec("job", RequestJson.fromJson(json));

        assertThat(spec.evaluation().runtime()).isEqualTo(Optional.ofNullable(runtime));
        assertThat(CompleteRequestMapper.toWire(spec).getEvaluation().getRuntime())
                .isEqualTo(asked);
    }

    @Test
    void budgetsAndRepairsAreReadUnderTheirNames() {
        assertThat(units("\"parameter_ratio\":0.2").variants())
                .containsExactly(new Target.Variant("job", new Budget.ParameterRatio(0.2)));
        assertThat(units("\"bytes\":6000000000").variants())
                .containsExactly(new Target.Variant("job", new Budget.Bytes(6_000_000_000L)));
        assertThat(units("\"bytes\":1,\"allocation\":\"global\"").allocation()).isEqualTo("global");
        assertThat(units("\"bytes\":1,\"compensation\":\"bias\"").compensation())
                .isEqualTo(Compensation.BIAS);
        assertThat(units("\"bytes\":1,\"compensation_target\":\"own\"").compensation())
                .isEqualTo(Compensation.LEAST_SQUARES_OWN);
    }

    @Test
    void eachOfSeveralBudgetsMakesAnArtifactOfItsOwn() {
        assertThat(units("\"budgets\":[{\"unit_ratio\":0.2},{\"unit_ratio\":0.5,\"output\":\"half\"}]")
                        .outputs())
                .containsExactly("job-1", "half");
    }

    @Test
    void singleWeightsAreChosenByWandaInEveryLinearLayerUnlessTheRequestSaysOtherwise() {
        JobSpec spec = spec("\"target\":\"4:8\"");

        assertThat(spec.scoring().criterion()).isEqualTo("wanda");
        assertThat(spec.pruning().target())
                .isEqualTo(new Target.Weights("job", new SparsityPattern.NofM(4, 8), LinearChoice.ALL));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "\"allocation\":\"searched\"                                      | MEASURED",
                "\"allocation\":\"searched\",\"search\":{}                        | MEASURED",
                "\"allocation\":\"searched\",\"search\":{\"effort\":\"estimate\"} | ESTIMATE",
            })
    void aSearchMeasuresUnlessTheRequestSaysThatTheEstimateIsEnough(String allocation, SearchEffort effort) {
        Target.Units units = units("\"unit_ratio\":0.5," + allocation);

        assertThat(units.search()).contains(effort);
    }

    private static Target.Units units(String fields) {
        return (Target.Units) spec(fields).pruning().target();
    }

    private static JobSpec spec(String pruning) {
        String json = "{\"model\":\"m\",\"calibration\":{\"text\":\"t\"},\"pruning\":{" + pruning + "}}";
        return RequestMapper.toSpec("job", RequestJson.fromJson(json));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "model                          | \"model\":\"\"",
                "calibration.text               | \"calibration\":{}",
                "calibration.texts              | \"calibration\":{\"text\":\"t\",\"texts\":[{\"text\":\"u\"}]}",
                "calibration.texts[1].text      | \"calibration\":{\"texts\":[{\"text\":\"u\"},{}]}",
                "calibration.texts[0].weight    | \"calibration\":{\"texts\":[{\"text\":\"u\",\"weight\":-1}]}",
                "calibration.texts[0].weight    | \"calibration\":{\"texts\":[{\"text\":\"u\",\"weight\":\"NaN\"}]}",
                "calibration.windows            | \"calibration\":{\"text\":\"t\",\"windows\":\"some\"}",
                "evaluation.text_field          | \"evaluation\":{\"text_field\":\"body\"}",
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
                "pruning.search                 | \"pruning\":{\"unit_ratio\":0.5,\"search\":{\"effort\":\"estimate\"}}",
                "pruning.search                 | \"pruning\":{\"unit_ratio\":0.5,\"allocation\":\"global\",\"search\":{}}",
                "pruning.search                 | \"pruning\":{\"target\":\"2:4\",\"search\":{\"effort\":\"estimate\"}}",
                "pruning.search.effort          | \"pruning\":{\"unit_ratio\":0.5,\"allocation\":\"searched\",\"search\":{\"effort\":\"all\"}}",
                "pruning.allocation             | \"pruning\":{\"target\":\"layers\",\"unit_ratio\":0.5,\"allocation\":\"searched\"}",
                "pruning.selection              | \"pruning\":{\"unit_ratio\":0.5,\"allocation\":\"searched\",\"selection\":\"sequential\"}",
                "pruning.round_to               | \"pruning\":{\"unit_ratio\":0.5,\"round_to\":70000}",
                "pruning.target                 | \"pruning\":{\"unit_ratio\":0.5,\"target\":\"everything\"}",
                "pruning.target                 | \"pruning\":{\"target\":\"4:2\"}",
                "pruning.target                 | \"pruning\":{\"target\":\"0:4\"}",
                "pruning.sparsity               | \"pruning\":{\"target\":\"unstructured\"}",
                "pruning.sparsity               | \"pruning\":{\"target\":\"unstructured\",\"sparsity\":1}",
                "pruning.sparsity               | \"pruning\":{\"target\":\"2:4\",\"sparsity\":0.5}",
                "pruning.sparsity               | \"pruning\":{\"unit_ratio\":0.5,\"sparsity\":0.5}",
                "pruning.linears                | \"pruning\":{\"unit_ratio\":0.5,\"linears\":[\"mlp\"]}",
                "pruning.unit_ratio             | \"pruning\":{\"target\":\"2:4\",\"unit_ratio\":0.5}",
                "pruning.compensation           | \"pruning\":{\"target\":\"2:4\",\"compensation\":\"bias\"}",
                "pruning.allocation             | \"pruning\":{\"target\":\"2:4\",\"allocation\":\"global\"}",
                "pruning.attention_unit         | \"pruning\":{\"target\":\"2:4\",\"attention_unit\":\"query-head\"}",
                "export.runtime                 | \"export\":{\"runtime\":\"ollama\"}",
                "export.gguf                    | \"export\":{\"gguf\":\"q4_k\"}",
                "evaluation.runtime             | \"evaluation\":{\"runtime\":\"vllm\"}",
                "evaluation.tasks[0].task       | \"evaluation\":{\"tasks\":[{\"task\":\"mmlu\",\"data\":\"d\"}]}",
                "evaluation.tasks[1].task       | \"evaluation\":{\"tasks\":[{\"task\":\"piqa\",\"data\":\"d\"},{\"task\":\"piqa\",\"data\":\"e\"}]}",
                "evaluation.tasks[0].data       | \"evaluation\":{\"tasks\":[{\"task\":\"piqa\"}]}",
                "evaluation.tasks[0].limit      | \"evaluation\":{\"tasks\":[{\"task\":\"piqa\",\"data\":\"d\",\"limit\":1000000}]}",
                "evaluation.prompts             | \"evaluation\":{\"prompts\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}",
                "evaluation.prompts[1]          | \"evaluation\":{\"prompts\":[\"a\",\" \"]}",
                "evaluation.prompt_tokens       | \"evaluation\":{\"prompts\":[\"a\"],\"prompt_tokens\":1000}",
                "evaluation.prompt_tokens       | \"evaluation\":{\"prompt_tokens\":10}",
                "recovery.text_field            | \"pruning\":{\"unit_ratio\":0.3},\"recovery\":{\"text_field\":\"body\"}",
                "evaluation.texts[0].text       | \"evaluation\":{\"texts\":[{\"protocol\":\"wikitext\"}]}",
                "evaluation.texts[0].protocol   | \"evaluation\":{\"texts\":[{\"text\":\"t\"}]}",
                "evaluation.texts[1].protocol   | \"evaluation\":{\"texts\":[{\"text\":\"t\",\"protocol\":\"wikitext\"},{\"text\":\"t\",\"protocol\":\"window-1\"}]}",
                "evaluation.texts[0].protocol   | \"evaluation\":{\"texts\":[{\"text\":\"t\",\"protocol\":\"window-9999999999\"}]}",
                "evaluation.texts[0].limit      | \"evaluation\":{\"texts\":[{\"text\":\"t\",\"protocol\":\"window-64\",\"limit\":1000000}]}",
                "export.gguf                    | \"export\":{\"runtime\":\"llama.cpp\",\"gguf\":\"none\"}",
                "pruning.attention_round_to     | \"pruning\":{\"target\":\"2:4\",\"attention_round_to\":2}",
                "pruning.only                   | \"pruning\":{\"target\":\"layers\",\"unit_ratio\":0.3,\"only\":\"mlp\"}",
                "pruning.only                   | \"pruning\":{\"unit_ratio\":0.3,\"only\":\"ffn\"}",
                "pruning.attention_unit         | \"pruning\":{\"unit_ratio\":0.3,\"attention_unit\":\"head\"}",
                "pruning.selection              | \"pruning\":{\"unit_ratio\":0.5,\"selection\":\"twice\"}",
                "pruning.selection              | \"pruning\":{\"target\":\"2:4\",\"selection\":\"sequential\"}",
                "pruning.selection              | \"pruning\":{\"selection\":\"sequential\",\"budgets\":[{\"unit_ratio\":0.2},{\"unit_ratio\":0.3}]}",
                "pruning.budgets                | \"pruning\":{\"unit_ratio\":0.5,\"budgets\":[{\"unit_ratio\":0.2}]}",
                "pruning.budgets[1]             | \"pruning\":{\"budgets\":[{\"unit_ratio\":0.2},{\"unit_ratio\":2}]}",
                "pruning.budgets[1].bytes       | \"pruning\":{\"budgets\":[{\"unit_ratio\":0.2},{\"unit_ratio\":0.2,\"bytes\":3}]}",
                "pruning.budgets[1].output      | \"pruning\":{\"budgets\":[{\"unit_ratio\":0.2,\"output\":\"a\"},{\"unit_ratio\":0.3,\"output\":\"a\"}]}",
                "scoring.controls               | \"scoring\":{\"controls\":\"maybe\"}",
                "scoring.gradient.compare       | \"scoring\":{\"gradient\":{\"compare\":\"magic\"}}",
                "scoring.gradient.compare       | \"scoring\":{\"gradient\":{\"source\":\"backprop\",\"compare\":\"backprop\"}}",
                "scoring.scores_of              | \"scoring\":{\"scores_of\":\"a\"},\"pruning\":{\"target\":\"2:4\"}",
                "scoring.scores_of              | \"scoring\":{\"scores_of\":\"a\"},\"pruning\":{\"unit_ratio\":0.5,\"selection\":\"sequential\"}",
                "scoring.magnitude_p            | \"scoring\":{\"magnitude_p\":3}",
                "scoring.gradient.draws         | \"scoring\":{\"gradient\":{\"draws\":5000}}",
                "recovery.local is for targets  | \"pruning\":{\"target\":\"layers\",\"unit_ratio\":0.3},\"recovery\":{}",
                "recovery.local is for targets  | \"pruning\":{\"target\":\"layers\",\"unit_ratio\":0.3},\"recovery\":{\"local\":{},\"lora\":{}}",
                "recovery.lora is for target    | \"pruning\":{\"target\":\"2:4\"},\"recovery\":{\"lora\":{}}",
                "recovery.lora is for target    | \"pruning\":{\"target\":\"unstructured\",\"sparsity\":0.5},\"recovery\":{\"local\":{},\"lora\":{}}",
                "recovery.samples               | \"recovery\":{\"samples\":16}",
                "recovery.samples               | \"recovery\":{\"samples\":1000000}",
                "recovery.local.order           | \"recovery\":{\"local\":{\"order\":\"backwards\"}}",
                "recovery.local.steps           | \"recovery\":{\"local\":{\"steps\":4294967295}}",
                "recovery.local.batch           | \"recovery\":{\"local\":{\"batch\":1000000}}",
                "recovery.local.learning_rate   | \"recovery\":{\"local\":{\"learning_rate\":1}}",
                "recovery.local.learning_rate   | \"recovery\":{\"local\":{\"learning_rate\":0}}",
                "recovery.lora.learning_rate    | \"recovery\":{\"lora\":{\"learning_rate\":0}}",
                "recovery.lora.alpha            | \"recovery\":{\"lora\":{\"alpha\":0}}",
                "recovery.local.learning_rate   | \"recovery\":{\"local\":{\"learning_rate\":\"NaN\"}}",
                "recovery.lora.rank             | \"recovery\":{\"lora\":{\"rank\":100000}}",
                "recovery.lora.alpha            | \"recovery\":{\"lora\":{\"alpha\":-1}}",
                "recovery.lora.objective        | \"recovery\":{\"lora\":{\"objective\":\"magic\"}}",
                "recovery.lora.steps            | \"recovery\":{\"lora\":{\"steps\":4294967295}}",
                "recovery.lora.learning_rate    | \"recovery\":{\"lora\":{\"learning_rate\":-0.1}}",
                "recovery.lora.warmup_steps     | \"recovery\":{\"lora\":{\"steps\":10,\"warmup_steps\":10}}",
                "recovery.keep_unrecovered      | \"recovery\":{\"keep_unrecovered\":true},\"pruning\":{\"budgets\":[{\"unit_ratio\":0.2,\"output\":\"a\"},{\"unit_ratio\":0.3,\"output\":\"a-unrecovered\"}]}",
                "scoring.gradient.epsilon       | \"scoring\":{\"gradient\":{\"epsilon\":\"Infinity\"}}",
            })
    void aFieldThatCannotBeUsedIsNamed(String field, String json) {
        // The last value of a repeated JSON key would be an error, so the minimal fields go where they are not
        // overridden.
        String body = json;
        for (String part :
                new String[] {"\"model\":\"m\"", "\"calibration\":{\"text\":\"t\"}", "\"pruning\":{\"unit_ratio\":0.5}"
                }) {
            if (!json.contains(part.substring(0, part.indexOf(':') + 1))) {
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
