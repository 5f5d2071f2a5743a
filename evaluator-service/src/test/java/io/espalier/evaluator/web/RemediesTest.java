package io.espalier.evaluator.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RemediesTest {
    @Test
    void thePageHasARemedyForEveryErrorCode() throws Exception {
        // Given
        try (InputStream file = getClass().getResourceAsStream("/META-INF/resources/ui/remedies.js")) {
            String script = new String(file.readAllBytes(), StandardCharsets.UTF_8);

            // When
            Stream<String> codes = Pattern.compile("^  ([A-Z_]+): '.+'", Pattern.MULTILINE)
                    .matcher(script)
                    .results()
                    .map((MatchResult line) -> line.group(1));

            // Then
            assertThat(codes)
                    .containsExactly(
                            Stream.of(ErrorCode.values()).map(Enum::name).toArray(String[]::new));
        }
    }
}
