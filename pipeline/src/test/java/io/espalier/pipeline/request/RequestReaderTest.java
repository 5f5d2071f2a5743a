package io.espalier.pipeline.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.topic.CloudEventHeaders;
import io.espalier.v1.AcceptedRequest;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestReaderTest {
    private static final PruneRequest REQUEST = PruneRequest.newBuilder()
            .setModel("llama")
            .setPruning(Pruning.newBuilder().setUnitRatio(0.34))
            .build();
    private static final String POSITION = "prune-requests-0-7";

    @Test
    void protobufAndJsonOfTheSameRequestAreTheSameJob() {
        String json = "{\"model\": \"llama\", \"pruning\": {\"unit_ratio\": 0.34}}";

        AcceptedRequest fromJson = RequestReader.read("a", json.getBytes(StandardCharsets.UTF_8), true, POSITION);

        assertThat(fromJson).isEqualTo(RequestReader.read("a", REQUEST.toByteArray(), false, POSITION));
    }

    @Test
    void jsonIsRecognisedWithoutItsHeader() {
        byte[] json = "{\"model\":\"llama\"}".getBytes(StandardCharsets.UTF_8);

        AcceptedRequest accepted = RequestReader.read("a", json, false, POSITION);

        assertThat(accepted.getRequest().getModel()).isEqualTo("llama");
    }

    @Test
    void whoARequestWasWrittenForIsNoPartOfItsIdentity() {
        Headers headers = new RecordHeaders();
        CloudEventHeaders.putPrincipal(headers, "sara");

        AcceptedRequest accepted = (AcceptedRequest) new RequestIntake()
                .read("a", REQUEST.toByteArray(), headers, POSITION)
                .fact();

        assertThat(accepted.getBy()).isEqualTo("sara");
        assertThat(accepted.toBuilder().clearBy().build())
                .isEqualTo(RequestReader.read("a", REQUEST.toByteArray(), false, POSITION));
    }

    @Test
    void theIdIsTheRequestsThenTheKeyThenThePosition() {
        byte[] named = REQUEST.toBuilder().setRequestId("mine").build().toByteArray();

        assertThat(RequestReader.read("key", named, false, POSITION).getJobId()).isEqualTo("mine");
        assertThat(RequestReader.read("key", REQUEST.toByteArray(), false, POSITION)
                        .getJobId())
                .isEqualTo("key");
        assertThat(RequestReader.read(null, REQUEST.toByteArray(), false, POSITION)
                        .getJobId())
                .isEqualTo(POSITION);
    }

    @Test
    void theDigestIgnoresTheIdAndFieldsFromTheFuture() {
        byte[] withUnknownField = Arrays.copyOf(REQUEST.toByteArray(), REQUEST.getSerializedSize() + 3);
        withUnknownField[REQUEST.getSerializedSize()] = (byte) 0xF8; // field 31, varint
        withUnknownField[REQUEST.getSerializedSize() + 1] = 1;
        withUnknownField[REQUEST.getSerializedSize() + 2] = 5;

        AcceptedRequest accepted = RequestReader.read("other", withUnknownField, false, POSITION);

        assertThat(accepted.getDigest())
                .isEqualTo(RequestReader.read("a", REQUEST.toByteArray(), false, POSITION)
                        .getDigest());
    }

    @Test
    void aMisspeltJsonFieldIsNamed() {
        byte[] json = "{\"model\":\"llama\",\"prunning\":{}}".getBytes(StandardCharsets.UTF_8);

        assertThatThrownBy(() -> RequestReader.read("a", json, true, POSITION))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("prunning");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'model':'llama','model':'other'}",
                "{'model':'a','calibration':{'model':1},'model':null}",
                "{'model':'llama','pruning':{'unit_ratio':0,'unitRatio':0.9}}",
                "{'model':'llama','pruning':{'unit_ratio':0.1,'target':'units','unit_ratio':0.9}}",
                "{'model':'llama','pruning':{'budgets':[{'bytes':1},{'unit_ratio':0.1,'unit_ratio':0.9}]}}"
            })
    void aFieldThatIsGivenTwiceIsNamed(String json) {
        byte[] request = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);

        assertThatThrownBy(() -> RequestReader.read("a", request, true, POSITION))
                .isInstanceOfSatisfying(EspalierException.class, refused -> assertThat(refused.code())
                        .isEqualTo(ErrorCode.MALFORMED_MESSAGE))
                .hasMessageMatching(".*(model|unit_ratio).*");
    }

    @Test
    void aFieldThatIsGivenTwiceInYamlIsNamed() {
        String yaml = "model: llama\npruning:\n  unit_ratio: 0.1\n  unit_ratio: 0.9\n";

        assertThatThrownBy(() -> RequestJson.fromYaml(yaml))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("unit_ratio");
    }

    @ParameterizedTest
    @MethodSource("hostileJson")
    void hostileJsonIsRefused(String json) {
        byte[] request = json.getBytes(StandardCharsets.UTF_8);

        assertThatThrownBy(() -> RequestReader.read("a", request, true, POSITION))
                .isInstanceOf(EspalierException.class)
                .hasMessageNotContainingAny("Exception");
    }

    @Test
    void aModelMayBeCalledWhateverANumberMayNot() {
        byte[] request = "{\"model\":\"1e9999999\",\"seed\":\"1e3\"}".getBytes(StandardCharsets.UTF_8);

        assertThat(RequestReader.read("a", request, true, POSITION).getRequest().getSeed())
                .isEqualTo(1000);
    }

    static List<String> hostileJson() {
        String deep = "{\"scoring\":".repeat(2_000);
        return List.of(
                "",
                "[]",
                "null",
                "\"model\"",
                "{",
                "{\"model\":\"llama\"} {\"model\":\"other\"}",
                "{\"model\":\"llama\"}]",
                "{model:'llama'}",
                "[".repeat(30_000),
                deep + "{}" + "}".repeat(2_000),
                "{\"model\":\"llama\",\"seed\":" + "9".repeat(20_000) + "}",
                "{\"model\":\"llama\",\"pruning\":{\"unit_ratio\":1e999999999}}",
                // Each of these took seconds, since the parser wrote all their digits out.
                "{\"model\":\"llama\",\"seed\":\"1e9999999\"}",
                "{\"model\":\"llama\",\"pruning\":{\"budgets\":[{\"bytes\":\"1e9999999\"}]}}",
                "{\"model\":\"llama\",\"seed\":[[\"1e9999999\"]]}",
                "{\"model\":\"llama\",\"calibration\":{\"sequenceLength\":\"1E+9999999\"}}",
                "{\"model\":\"" + "x".repeat(40_000) + "\"}");
    }

    @Test
    void anIdThatCouldLeaveItsFolderIsRefused() {
        byte[] request = REQUEST.toBuilder().setRequestId("../x").build().toByteArray();

        assertThatThrownBy(() -> RequestReader.read("a", request, false, POSITION))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("request_id");
    }

    @Test
    void randomBytesCutRequestsAndNothingAreAlwaysATypedRefusalOrARequest() {
        Random random = new Random(7);
        byte[] good = REQUEST.toByteArray();
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = i % 2 == 0 ? new byte[random.nextInt(60)] : Arrays.copyOf(good, random.nextInt(good.length));
            if (i % 2 == 0) {
                random.nextBytes(bytes);
            }
            try {
                assertThat(RequestReader.read(null, bytes, false, POSITION)
                                .getRequest()
                                .getModel())
                        .isNotEmpty();
            } catch (EspalierException refused) {
                assertThat(refused).hasMessageNotContainingAny("Exception");
            }
        }
    }
}
