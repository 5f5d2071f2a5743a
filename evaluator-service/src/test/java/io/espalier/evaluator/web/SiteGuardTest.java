package io.espalier.evaluator.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.evaluator.web.SiteGuard.Call;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SiteGuardTest {
    private static final String HOST = "localhost:8080";
    private static final String JSON = "application/json";

    private final SiteGuard guard = new SiteGuard(false, Set.of("pruning.example"));

    @Test
    void aProgramThatNamesNoSiteIsLetIn() {
        assertThat(guard.refusal(new Call("POST", HOST, null, null, JSON))).isEmpty();
    }

    @Test
    void thePageItselfIsLetIn() {
        assertThat(guard.refusal(new Call("POST", HOST, "http://localhost:8080", "same-origin", JSON)))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"http://evil.example", "http://localhost:9090", "http://127.0.0.1:8080", "null", "http://[", ""})
    void aPageOfAnotherOriginIsNot(String origin) {
        assertThat(status(guard.refusal(new Call("POST", HOST, origin, null, JSON))))
                .isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cross-site", "same-site", "whatever"})
    void aBrowserThatSaysItComesFromElsewhereIsNot(String site) {
        assertThat(status(guard.refusal(new Call("POST", HOST, null, site, JSON))))
                .isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "text/plain; application/json"
            })
    void whatAFormCanSendIsNotTaken(String type) {
        assertThat(status(guard.refusal(new Call("POST", HOST, null, null, type))))
                .isEqualTo(415);
    }

    @Test
    void aCallWithoutATypeOfContentIsNotTaken() {
        assertThat(status(guard.refusal(new Call("POST", HOST, null, null, null))))
                .isEqualTo(415);
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/json; charset=utf-8", "Application/JSON", "application/yaml"})
    void jsonAndYamlAre(String type) {
        assertThat(guard.refusal(new Call("POST", HOST, null, null, type))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "evil.example:8080",
                "127.0.0.1.evil.example",
                "localhost.evil.example",
                "LOCALHOST.evil"
            })
    void aNameThatAnybodysDnsCouldPointHereIsNotEvenRead(String host) {
        assertThat(status(guard.refusal(new Call("GET", host, null, "same-origin", null))))
                .isEqualTo(403);
    }

    @Test
    void aCallWithoutAHostIsNotLetIn() {
        assertThat(status(guard.refusal(new Call("GET", null, null, null, null))))
                .isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "LocalHost:1",
                "127.0.0.1:8080",
                "[::1]:8080",
                "192.168.1.7",
                "pruning.example",
                "Pruning.example:443"
            })
    void addressesAndNamesOfItsOwnAre(String host) {
        assertThat(guard.refusal(new Call("GET", host, null, null, null))).isEmpty();
    }

    @Test
    void whereCallersAreKnownTheNameIsTheCertificatesMatter() {
        assertThat(new SiteGuard(true, Set.of()).refusal(new Call("GET", "evaluator.svc", null, null, null)))
                .isEmpty();
    }

    @Test
    void whereCallersAreKnownAnotherSiteStillChangesNothing() {
        assertThat(status(new SiteGuard(true, Set.of())
                        .refusal(new Call("POST", "evaluator.svc", "https://evil.example", "cross-site", JSON))))
                .isEqualTo(403);
    }

    @Test
    void thePageBehindAProxyThatChangesTheHostIsLetIn() {
        assertThat(guard.refusal(new Call("POST", "10.0.0.7:8080", "https://pruning.example", "same-origin", JSON)))
                .isEmpty();
    }

    private static int status(Optional<Refusal> refusal) {
        return refusal.map(Refusal::status).orElse(0);
    }
}
