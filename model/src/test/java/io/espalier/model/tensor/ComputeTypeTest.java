package io.espalier.model.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComputeTypeTest {
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
