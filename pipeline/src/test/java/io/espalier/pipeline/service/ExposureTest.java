package io.espalier.pipeline.service;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExposureTest {
    @Test
    void whatOthersReachNeedsTlsAndAuthenticationAndTheRefusalNamesTheKeys() {
        // Given
        Exposure open = new Exposure("0.0.0.0", false, false, false);

        // When
        String refusal = open.refusal().orElseThrow();

        // Then
        assertThat(refusal)
                .contains("0.0.0.0", "quarkus.tls.key-store.pem.0.cert", "quarkus.http.insecure-requests=disabled")
                .contains(
                        "espalier.auth.tokens-file", "quarkus.oidc.tenant-enabled", "espalier.security.insecure=true");
    }

    @Test
    void oneOfTheTwoIsNotEnough() {
        assertThat(new Exposure("0.0.0.0", false, true, false).refusal())
                .hasValueSatisfying(refusal ->
                        assertThat(refusal).contains("without authentication").doesNotContain("TLS"));
        assertThat(new Exposure("0.0.0.0", false, false, true).refusal())
                .hasValueSatisfying(
                        refusal -> assertThat(refusal).contains("without TLS").doesNotContain("authentication"));
    }

    @Test
    void withBothItMayListenAnywhere() {
        assertThat(new Exposure("0.0.0.0", false, true, true).refusal()).isEmpty();
    }

    @Test
    void whatOnlyThisMachineReachesNeedsNeither() {
        assertThat(new Exposure("127.0.0.1", true, false, false).refusal()).isEmpty();
    }
}
