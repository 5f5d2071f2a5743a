package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.cli.DemoRequest;
import io.espalier.job.JobSpec;
import io.espalier.job.RequestMapper;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.TaskData;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DemoRequestTest {
    static Stream<PruneRequest> requests() {
        return Stream.of(DemoRequest.of("demo"), DemoRequest.thorough("demo"));
    }

    @ParameterizedTest
    @MethodSource("requests")
    void asksForARecoveryWithFieldsThatAreValidAndNamesFilesThatAreShipped(PruneRequest request) {
        // When
        JobSpec spec = RequestMapper.toSpec("demo", request);

        // Then
        assertThat(spec.recovery()).isPresent();
        assertThat(Folders.DEMO.resolve(spec.model())).isDirectory();
        assertThat(Stream.concat(
                        Stream.of(
                                request.getCalibration().getText(),
                                request.getEvaluation().getText()),
                        request.getEvaluation().getTasksList().stream().map(TaskData::getData)))
                .allSatisfy(file -> assertThat(Folders.DEMO.resolve(file)).isRegularFile());
    }
}
