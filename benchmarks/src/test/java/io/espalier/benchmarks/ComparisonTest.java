package io.espalier.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.benchmarks.measure.Measuring;
import io.espalier.benchmarks.measure.Work;
import io.espalier.benchmarks.shape.RandomCheckpoint;
import io.espalier.benchmarks.shape.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Runs on Linux only, because only there the benchmarks can read a process's memory. */
@EnabledOnOs(OS.LINUX)
class ComparisonTest {
    private static final Map<String, List<String>> NUMBERS = Map.of(
            "", List.of("model_bytes", "threads", "resident_over_streamed", "gemm_efficiency"),
            "/ratio",
                    List.of(
                            "activation",
                            "gaussian",
                            "rademacher",
                            "rank_one",
                            "backprop",
                            "search_estimate",
                            "adapter_step",
                            "local_step"),
            "/peak_over_model",
                    List.of(
                            "activation",
                            "zeroth_order",
                            "backprop",
                            "search_estimate",
                            "adapter_step",
                            "local_step",
                            "pruner",
                            "evaluator"));

    @TempDir
    private Path folder;

    @Test
    void theJsonObjectHasEveryNumberAndNothingElse() throws IOException {
        // Given
        Path checkpoint = RandomCheckpoint.in(folder, Shape.TINY, line -> {});
        Work work = new Work(checkpoint, Files.createDirectory(folder.resolve("scratch")), 2, 16, 1, 2, 0, 8, 0);

        // When
        JsonNode result = new ObjectMapper()
                .readTree(Comparison.measure(Shape.TINY, work, Measuring::here).json());

        // Then
        assertThat(result.path("shape").textValue()).isEqualTo("tiny");
        NUMBERS.forEach((parent, names) -> assertThat(names).as(parent).allSatisfy(name -> assertThat(
                        result.at(parent + "/" + name).doubleValue())
                .as(name)
                .isPositive()
                .isFinite()));
        assertThat(fieldNames(result))
                .containsExactlyInAnyOrder(
                        "shape",
                        "model_bytes",
                        "threads",
                        "resident_over_streamed",
                        "ratio",
                        "peak_over_model",
                        "gemm_efficiency");
        assertThat(fieldNames(result.path("ratio"))).containsExactlyInAnyOrderElementsOf(NUMBERS.get("/ratio"));
        assertThat(fieldNames(result.path("peak_over_model")))
                .containsExactlyInAnyOrderElementsOf(NUMBERS.get("/peak_over_model"));
    }

    private static List<String> fieldNames(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
