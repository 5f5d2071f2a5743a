package io.espalier.model.tensor;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComputeTypeTest {
    @Test
    void aRequestedTypeIsUsedEvenIfTheProcessorIsSlowAtIt() {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            assertThat(ComputeType.of("bf16", checkpoint)).isEqualTo(ComputeType.BF16);
            assertThat(ComputeType.of("fp16", checkpoint)).isEqualTo(ComputeType.FP16);
            assertFails(ErrorCode.INVALID_ARGUMENT, () -> ComputeType.of("fp8", checkpoint))
                    .contains("compute type", "'fp8'", "auto, fp32, bf16, fp16");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "F32, amx_bf16 amx_fp16 avx512_bf16, FP32",
        "BF16, avx2, FP32",
        "BF16, avx512f avx512_bf16, BF16",
        "BF16, amx_bf16, BF16",
        "BF16, amx_fp16, FP32",
        "F16, avx512_bf16 amx_bf16, FP32",
        "F16, avx512_bf16 amx_bf16 amx_fp16, FP16",
    })
    void automaticIsTheStoredTypeWhereTheProcessorMultipliesItFast(
            DType stored, String flags, ComputeType expected, @TempDir Path folder) {
        // Given
        GoldenCheckpoint.convert(GoldenCheckpoint.LLAMA, stored, folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            // When
            ComputeType type = ComputeType.automatic(Set.of(flags.split(" ")), checkpoint);

            // Then
            assertThat(type).isEqualTo(expected);
        }
    }
}
