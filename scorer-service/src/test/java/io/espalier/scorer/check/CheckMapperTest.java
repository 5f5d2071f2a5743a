package io.espalier.scorer.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.EspalierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckMapperTest {
    private static final Path DEMO = Path.of("..", "deploy", "demo");
    private static final String TEXTS =
            "\"request_id\":\"check\",\"model\":\"llama\",\"calibration\":{\"text\":\"calibration.txt\",\"samples\":4}";

    @TempDir
    Path folder;

    @Test
    void aModelAloneIsDescribed() throws IOException {
        List<String> lines = lines("{\"model\":\"llama\"}");

        assertThat(lines)
                .contains(
                        "family llama, 3,443,136 parameters, 6,892,392 bytes of bf16",
                        "layers 0 to 5: 12 query heads, 12 KV heads of 16, 512 FFN channels",
                        "attention loses heads",
                        "windows of a text begin with its first word",
                        "a GGUF file for llama.cpp can be written");
    }

    /** 8 of 12 heads and 352 of 512 channels in four layers of six: counted on the checkpoint that such a job writes. */
    @Test
    void aRequestSaysWhatShareOfTheParametersItsShareOfTheUnitsIs() throws IOException {
        List<String> lines = lines("{" + TEXTS + ",\"pruning\":{\"unit_ratio\":0.34}}");

        assertThat(lines)
                .contains(
                        "check: 8 query heads, 8 KV heads and 352 FFN channels stay in each, 2,877,888 parameters (83.6%), 5,755,776 bytes")
                .anyMatch(line -> line.startsWith("layers 1 to 4 of 6 lose units"))
                .anyMatch(line -> line.startsWith("calibration: 4 windows, 512 tokens"))
                .anyMatch(line -> line.startsWith("memory: at most"));
    }

    @Test
    void whatTheScorerWouldRefuseIsRefused() {
        assertThatThrownBy(() -> lines("{" + TEXTS + ",\"pruning\":{\"unit_ratio\":0.34,\"layers\":\"2:9\"}}"))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("pruning.layers");
    }

    @Test
    void aRecoverySaysWhatItLearnsFromAndHow() throws IOException {
        String recovery = "{\"samples\":40,\"local\":{\"steps\":20},\"lora\":{\"rank\":4}}";

        List<String> lines = lines("{" + TEXTS + ",\"pruning\":{\"unit_ratio\":0.34},\"recovery\":" + recovery + "}");

        assertThat(lines)
                .contains(
                        "recovery: learns from 40 windows; 20 steps in each layer, layers side by side; then adapters of rank 4, 300 steps");
    }

    @Test
    void aBatchThatLeavesNoWindowToHoldOutIsRefusedWithWhatTheTextHas() {
        String recovery = "{\"samples\":100000,\"local\":{\"batch\":90000}}";

        assertThatThrownBy(
                        () -> lines("{" + TEXTS + ",\"pruning\":{\"unit_ratio\":0.34},\"recovery\":" + recovery + "}"))
                .isInstanceOf(EspalierException.class)
                .hasMessageMatching("recovery.samples: finds [0-9]+ windows in the calibration text, .*90000.*");
    }

    @Test
    void anUnrecoveredCheckpointThatWouldTakeANameIsRefusedBeforeAnythingIsComputed() throws IOException {
        Files.createDirectories(folder.resolve("artifacts/check-unrecovered"));

        assertThatThrownBy(() -> lines(
                        "{" + TEXTS + ",\"pruning\":{\"unit_ratio\":0.34},\"recovery\":{\"keep_unrecovered\":true}}"))
                .isInstanceOf(EspalierException.class)
                .hasMessageStartingWith("recovery.keep_unrecovered of output \"check-unrecovered\" exists already");
    }

    @Test
    void nothingIsWritten() throws IOException {
        lines("{" + TEXTS + ",\"pruning\":{\"unit_ratio\":0.34}}");

        assertThat(folder.resolve("artifacts")).doesNotExist();
    }

    private List<String> lines(String json) throws IOException {
        return CheckMapper.lines(DEMO, DEMO, folder.resolve("artifacts"), json);
    }
}
