package io.espalier.model.transformer;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.Rope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RotaryFrequenciesTest {
    private static final int HEAD_DIM = 64;

    @Test
    void frequenciesFallGeometricallyFromOneTowardsTheInverseOfTheta() {
        double[] plain = of("default", parameters());

        assertThat(plain).hasSize(HEAD_DIM / 2);
        assertThat(plain[0]).isEqualTo(1);
        assertThat(plain[16]).isCloseTo(Math.pow(500_000, -0.5), within(1e-12));
    }

    @Test
    void linearScalingDividesEveryFrequencyByTheFactor() {
        double[] scaled = of("linear", parameters().put("factor", 4));

        double[] plain = of("default", parameters());
        for (int i = 0; i < plain.length; i++) {
            assertThat(scaled[i]).isCloseTo(plain[i] / 4, within(1e-15));
        }
    }

    /** Llama 3.1's settings. The expected values come from the formula in its released code, written with wavelengths. */
    @Test
    void llama3ScalingKeepsHighFrequenciesDividesLowOnesAndInterpolatesBetween() {
        ObjectNode parameters =
                parameters().put("factor", 8).put("low_freq_factor", 1).put("high_freq_factor", 4);

        double[] scaled = of("llama3", parameters);

        double[] plain = of("default", parameters());
        int blended = 0;
        for (int i = 0; i < plain.length; i++) {
            double wavelength = 2 * Math.PI / plain[i];
            double expected;
            if (wavelength < 8192 / 4.0) {
                expected = plain[i];
            } else if (wavelength > 8192) {
                expected = plain[i] / 8;
            } else {
                double smooth = (8192 / wavelength - 1) / 3;
                expected = (1 - smooth) * plain[i] / 8 + smooth * plain[i];
                blended++;
            }
            assertThat(scaled[i]).isCloseTo(expected, within(1e-15));
        }
        assertThat(blended).isPositive();
    }

    private static final String LISTS = "\"short_factor\":%s,\"long_factor\":%s"
            .formatted(
                    IntStream.range(0, 48).mapToObj(i -> 1 + 0.01 * i).toList(),
                    IntStream.range(0, 48).mapToObj(i -> 1 + 0.25 * i).toList());

    /**
     * The numbers were printed from the rotary functions of transformers 5.18: the pairs 1, n/3, n/2 and n − 1 of n, the sum over
     * all pairs, the factor of cosines and sines. LISTS stands for the factors 1 + 0.01·i and 1 + 0.25·i of pair i.
     */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "qwen2 | 3584 | 28 | 'max_position_embeddings':32768,'rope_theta':1e6,'rope_scaling':{'factor':4.0,'original_max_position_embeddings':32768,'type':'yarn'} | 9 | 0.8058422 0.01074608 0.0006029411 3.102344e-07 5.144035 1.13862944",
                "llama | 512 | 8 | 'max_position_embeddings':163840,'rope_theta':10000.0,'rope_scaling':{'beta_fast':32,'beta_slow':1,'factor':40,'mscale':1.0,'mscale_all_dim':0.7,'original_max_position_embeddings':4096,'rope_type':'yarn'} | 9 | 0.7498942 0.05623413 0.0055 3.333804e-06 3.948936 1.08795461",
                "llama | 512 | 8 | 'max_position_embeddings':131072,'rope_parameters':{'rope_theta':150000.0,'rope_type':'yarn','factor':32.0,'truncate':false,'original_max_position_embeddings':4096} | 9 | 0.6890443 0.019335 0.0004564839 3.023511e-07 3.180438 1.34657359",
                "llama | 512 | 8 | 'max_position_embeddings':8192,'rope_parameters':{'rope_theta':10000.0,'rope_type':'yarn','factor':2.0,'attention_factor':1.5} | 9 | 0.7498942 0.05623413 0.008461539 6.667608e-05 3.983873 1.5",
                "phi3 | 3072 | 32 | 'max_position_embeddings':131072,'original_max_position_embeddings':4096,'rope_scaling':{'type':'longrope',LISTS} | 4096 | 0.8172318 0.04001369 0.008064516 8.241684e-05 5.48099 1.19023807",
                "phi3 | 3072 | 32 | 'max_position_embeddings':131072,'original_max_position_embeddings':4096,'rope_scaling':{'type':'su',LISTS} | 4097 | 0.6603233 0.009283177 0.001428571 9.502177e-06 3.376254 1.19023807",
                "phi3 | 3072 | 32 | 'max_position_embeddings':131072,'rope_scaling':{'type':'yarn',LISTS} | 4097 | 0.6603233 0.009283177 0.001428571 9.502177e-06 3.376254 1.19023807",
                "phi3 | 3072 | 24 | 'max_position_embeddings':131072,'partial_rotary_factor':0.75,'rope_scaling':{'type':'longrope',LISTS} | 9 | 0.8172318 0.04001369 0.008064516 8.241684e-05 5.48099 1.19023807",
                "phi3 | 3072 | 24 | 'max_position_embeddings':131072,'rope_parameters':{'partial_rotary_factor':0.75,'rope_type':'longrope',LISTS} | 9 | 0.8172318 0.04001369 0.008064516 8.241684e-05 5.48099 1.19023807",
                "llama | 512 | 8 | 'max_position_embeddings':2048,'rope_scaling':{'type':'dynamic','factor':2.0} | 2048 | 0.7498942 0.05623413 0.01 0.0001333522 3.997908 1",
                "llama | 512 | 8 | 'max_position_embeddings':2048,'rope_scaling':{'type':'dynamic','factor':2.0} | 5000 | 0.7177865 0.03630386 0.004965059 3.434422e-05 3.543329 1",
            })
    void frequenciesAreThoseOfTransformers(
            String family, int hidden, int heads, String keys, int length, String expected, @TempDir Path folder)
            throws IOException {
        ModelConfig config = config(family, hidden, heads, keys, folder);

        RotaryFrequencies actual =
                Rotation.of(config.rotary(), config.layers().get(0).headDim()).frequencies(length);

        double[] pairs = actual.perPair();
        double[] shown = {
            pairs[1],
            pairs[pairs.length / 3],
            pairs[pairs.length / 2],
            pairs[pairs.length - 1],
            Arrays.stream(pairs).sum(),
            actual.factor()
        };
        double[] known = Arrays.stream(expected.split(" "))
                .mapToDouble(Double::parseDouble)
                .toArray();
        for (int i = 0; i < known.length; i++) {
            assertThat(shown[i]).isCloseTo(known[i], within(2e-6 * known[i]));
        }
    }

    private static ModelConfig config(String family, int hidden, int heads, String keys, Path folder)
            throws IOException {
        return ModelConfig.read(Files.writeString(folder.resolve("config.json"), """
                {"model_type":"%s","hidden_size":%d,"num_attention_heads":%d,"num_key_value_heads":%d,%s}""".formatted(
                        family, hidden, heads, heads, keys.replace('\'', '"').replace("LISTS", LISTS))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "llama | 'rope_scaling':{'type':'longrope',LISTS} | 48 | short_factor 24 positive",
                "phi3 | 'rope_scaling':{'type':'yarn','factor':4.0} | 48 | longrope short_factor",
                "llama | 'rope_scaling':{'type':'dynamic'} | 64 | dynamic factor",
                "llama | 'rope_scaling':{'type':'yarn','factor':4.0,'attention_factor':'big'} | 64 | yarn attention_factor",
                "llama | 'rope_theta':1.0,'rope_scaling':{'type':'yarn','factor':4.0} | 64 | yarn rope_theta finite",
                "llama | 'head_dim':2,'rope_scaling':{'type':'dynamic','factor':4.0} | 2 | dynamic pair",
                "llama | 'head_dim':9 | 9 | head_dim odd",
            })
    void settingsThatGiveNoRotationAreRefusedByName(
            String family, String keys, int headDim, String named, @TempDir Path folder) throws IOException {
        ModelConfig config = config(family, 512, 8, keys, folder);

        assertFails(ErrorCode.MODEL_CORRUPT, () -> Rotation.of(config.rotary(), headDim))
                .contains(named.split(" "));
    }

    /** As in transformers, where an odd number of positions is rounded up to pairs. */
    @Test
    void aShareOfAHeadIsRotatedInWholePairs() {
        Rope half = new Rope("default", 10_000, 0.7, 64, 64, parameters());

        double[] pairs = Rotation.of(half, 10).frequencies(1).perPair();

        assertThat(pairs).hasSize(4);
        assertThat(pairs[3]).isCloseTo(Math.pow(10_000, -6 / 7.0), within(1e-12));
    }

    @Test
    void unknownScalingIsRefusedByName() {
        assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> of("mrope", parameters()))
                .contains("mrope", "llama3", "longrope");
    }

    @Test
    void scalingWithoutItsFactorIsRefusedNamingTheFactor() {
        assertFails(ErrorCode.MODEL_CORRUPT, () -> of("linear", parameters())).contains("factor");
    }

    private static double[] of(String type, ObjectNode parameters) {
        return RotaryFrequencies.of(new Rope(type, 500_000, 1, 131_072, 8192, parameters), HEAD_DIM, 1)
                .perPair();
    }

    private static ObjectNode parameters() {
        return JsonNodeFactory.instance.objectNode();
    }
}
