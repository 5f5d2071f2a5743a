package io.espalier.model.sparsity;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LinearChoiceTest {
    @ParameterizedTest
    @CsvSource({
        "llama, all, q_proj k_proj v_proj o_proj gate_proj up_proj down_proj",
        "llama, mlp, gate_proj up_proj down_proj",
        "llama, attention, q_proj k_proj v_proj o_proj",
        "llama, down_proj mlp.gate_proj, gate_proj down_proj",
        "llama, attention o_proj, q_proj k_proj v_proj o_proj",
        "llama, model.layers.1.mlp.up_proj, up_proj",
        "opt, fc1, fc1",
        "bloom, mlp, dense_h_to_4h dense_4h_to_h",
        "bloom, self_attention.dense, dense",
        "phi3, gate_up_proj, gate_up_proj",
    })
    void namesSelectLinearLayersInTheOrderTheDataFlows(String family, String names, String expected) {
        ModelLayout model = layout(family);
        LinearChoice choice = LinearChoice.parse(List.of(names.split(" ")));

        List<Linear> chosen = choice.of(model.layers().get(1));

        choice.check(model);
        assertThat(chosen)
                .extracting(linear -> linear.module().replaceAll(".*\\.", ""))
                .containsExactly(expected.split(" "));
    }

    @Test
    void noNamesMeanAll() {
        assertThat(LinearChoice.parse(List.of())).isEqualTo(LinearChoice.ALL);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fc1", "proj", "lm_head", "", "DOWN_PROJ"})
    void nameThatFitsNothingIsRefusedWithTheFamilysOwnNames(String name) {
        ModelLayout model = layout("llama");
        LinearChoice choice = LinearChoice.parse(List.of("down_proj", name));

        assertFails(ErrorCode.INVALID_ARGUMENT, () -> choice.check(model))
                .startsWith("linears: '" + name + "'")
                .contains("llama", "q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj");
    }

    private static ModelLayout layout(String family) {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.of(family))) {
            return ModelLayout.of(checkpoint);
        }
    }
}
