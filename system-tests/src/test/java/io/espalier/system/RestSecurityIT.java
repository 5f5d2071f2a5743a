package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.system.Rest.Answer;
import io.espalier.v1.JobCancelled;
import io.espalier.v1.JobCommand;
import io.espalier.v1.JobEvent;
import io.espalier.v1.StageProgress;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in by the API of a service that asks, and how much of it one of them may take. */
class RestSecurityIT extends SecuredControl {
    /** Several times what lies in the buffers between a service and a client that does not read. */
    private static final int PROGRESS_EVENTS = 10_000;

    private static HttpClient http;

    @BeforeAll
    static void aClientThatTrustsTheService() throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream authority = Files.newInputStream(service.certificates().authority())) {
            store.setCertificateEntry(
                    "authority", CertificateFactory.getInstance("X.509").generateCertificate(authority));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        http = HttpClient.newBuilder().sslContext(tls).build();
    }

    private static URI address() {
        return URI.create("https://" + service.process().launch().http().getAuthority());
    }

    private static Rest of(String token) {
        return new Rest(http, address(), "Authorization", "Bearer " + token);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/jobs",
                "/api/jobs/running",
                "/api/jobs/running/events",
                "/api/jobs/running/report",
                "/api/workers",
                "/q/openapi"
            })
    void whoSaysNotWhoHeIsReadsNothing(String path) throws Exception {
        // When
        Answer unknown = new Rest(http, address()).get(path);
        Answer wrong = of("token-of-nobody").get(path);

        // Then
        assertThat(unknown.status()).isEqualTo(401);
        assertThat(wrong.status()).isEqualTo(401);
        assertThat(unknown.body() + wrong.body()).doesNotContain(RUNNING);
    }

    @Test
    void thePageItselfIsShownToAnybody() throws Exception {
        // When
        Answer page = new Rest(http, address()).get("/ui/");

        // Then
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.body()).contains("Bearer token");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/ui/../q/metrics",
                "/ui/..;/q/metrics",
                "/ui/%2E%2E/q/metrics",
                "/ui/..%2Fq/metrics",
                "/ui;/../q/metrics",
                "/ui/x;/../../q/metrics"
            })
    void noSpellingThroughThePageShowsTheMetrics(String path) throws Exception {
        // When
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(URI.create(address() + path)).build(), HttpResponse.BodyHandlers.ofString());

        // Then
        assertThat(answer.statusCode()).isGreaterThanOrEqualTo(300);
        assertThat(answer.body()).doesNotContain("espalier_tasks_running");
    }

    @Test
    void aViewerLooksAndChangesNothing() throws Exception {
        // Given
        Rest vera = of(VIEWERS_TOKEN);
        assertThat(vera.get("/api/jobs/" + RUNNING).status()).isEqualTo(200);
        assertThat(vera.get("/api/workers").status()).isEqualTo(200);

        // When
        List<Answer> answers = List.of(
                vera.post("/api/jobs/" + RUNNING + "/cancel", "{}"),
                vera.post("/api/jobs", "{\"model\": \"llama\", \"request_id\": \"of-vera\"}"),
                vera.post("/api/workers/" + WORKER + "/drain", "{}"));

        // Then
        assertThat(answers).allSatisfy(answer -> {
            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.code()).isEqualTo("PERMISSION_DENIED");
        });
        assertThat(log.records("prune-requests", "of-vera")).isEmpty();
        assertThat(service.audit())
                .anyMatch(line -> line.contains("by=\"vera\"") && line.contains("PERMISSION_DENIED"));
    }

    @Test
    void anOperatorsCancelNamesHimInTheCommandAndInTheAuditLog() throws Exception {
        // Given
        accepted("rest-running", "");
        awaitKnown("rest-running", bearing(OPERATORS_TOKEN));

        // When
        Answer answer = of(OPERATORS_TOKEN).post("/api/jobs/rest-running/cancel", "{\"reason\": \"no longer needed\"}");

        // Then
        assertThat(answer.status()).isEqualTo(200);
        JobCommand command =
                JobCommand.parseFrom(onlyRecord("job-commands", "rest-running").value());
        assertThat(command.getBy()).isEqualTo("otto");
        Services.awaitLogged(service.process(), "by=\"otto\" action=\"cancel\" on=\"rest-running\" outcome=OK");
    }

    @Test
    void aSubmitterSeesItsOwnJobsAlone() throws Exception {
        // Given
        accepted("rest-saras", "sara");
        awaitKnown("rest-saras", bearing(SUBMITTERS_TOKEN));
        Rest sara = of(SUBMITTERS_TOKEN);

        // When
        Answer listed = sara.get("/api/jobs");

        // Then
        assertThat(listed.body()).contains("rest-saras").doesNotContain("\"" + RUNNING + "\"");
        assertThat(sara.get("/api/jobs/" + RUNNING + "/events").status()).isEqualTo(404);
        assertThat(sara.get("/api/workers").status()).isEqualTo(403);
    }

    @Test
    void aSubmitterWithAsManyJobsAsOneMayHaveIsToldToWait() throws Exception {
        // Given
        service.permit("rita", "submitter", "token-of-rita");
        for (int i = 0; i < SecuredService.JOBS_PER_CALLER; i++) {
            accepted("ritas-" + i, "rita");
            awaitKnown("ritas-" + i, bearing("token-of-rita"));
        }

        // When
        Answer answer =
                of("token-of-rita").post("/api/jobs", "{\"model\": \"llama\", \"request_id\": \"one-too-many\"}");

        // Then
        assertThat(answer.status()).isEqualTo(429);
        assertThat(answer.code()).isEqualTo("QUOTA_EXCEEDED");
        assertThat(answer.message()).contains("wait for one");
        assertThat(log.records("prune-requests", "one-too-many")).isEmpty();
    }

    @Test
    void aFloodOfCallsIsRefusedAndAnotherCallerIsServed() throws Exception {
        // Given
        service.permit("fred", "viewer", "token-of-fred");
        HttpRequest call = HttpRequest.newBuilder(address().resolve("/api/jobs/running"))
                .header("Authorization", "Bearer token-of-fred")
                .build();

        // When
        List<Integer> flood = Collections.nCopies(500, call).parallelStream()
                .map(one -> http.sendAsync(one, HttpResponse.BodyHandlers.ofString())
                        .join()
                        .statusCode())
                .toList();

        // Then
        assertThat(flood).contains(200, 429);
        assertThat(of(VIEWERS_TOKEN).get("/api/jobs").status()).isEqualTo(200);
    }

    @Test
    void anotherSitesPageDoesNothingInTheNameOfACallerWhoseBrowserShowsACertificate() throws Exception {
        // When
        Answer answer =
                of(OPERATORS_TOKEN).post("/api/workers/" + WORKER + "/resume", "{}", "Origin", "https://evil.example");

        // Then
        assertThat(answer.status()).isEqualTo(403);
    }

    @Test
    void aReaderThatDoesNotReadGetsNoProgressMeanwhileAndOthersAreServed() throws Exception {
        // Given
        accepted("rest-watched", "");
        awaitKnown("rest-watched", bearing(VIEWERS_TOKEN));
        HttpResponse<InputStream> watch = http.send(
                HttpRequest.newBuilder(address().resolve("/api/jobs/rest-watched/events"))
                        .header("Authorization", "Bearer " + VIEWERS_TOKEN)
                        .build(),
                HttpResponse.BodyHandlers.ofInputStream());

        // When
        write(Collections.nCopies(
                PROGRESS_EVENTS,
                JobEvent.newBuilder()
                        .setJobId("rest-watched")
                        .setStage("scorer")
                        .setProgress(StageProgress.newBuilder().setActivity("a".repeat(2_000)))
                        .build()));
        write(List.of(JobEvent.newBuilder()
                .setJobId("rest-watched")
                .setStage("scorer")
                .setCancelled(JobCancelled.getDefaultInstance())
                .build()));
        Awaitility.await("the service knows the end").atMost(Stack.LIMIT).until(() -> of(OPERATORS_TOKEN)
                .get("/api/jobs/rest-watched")
                .json()
                .path("state")
                .asText()
                .equals("CANCELLED"));
        List<JsonNode> heard;
        try (InputStream events = watch.body()) {
            heard = new ArrayList<>(
                    new Answer(watch.statusCode(), new String(events.readAllBytes(), StandardCharsets.UTF_8), null)
                            .events());
        }

        // Then
        assertThat(heard).hasSizeLessThan(PROGRESS_EVENTS);
        assertThat(heard.get(heard.size() - 1).has("cancelled")).isTrue();
    }
}
