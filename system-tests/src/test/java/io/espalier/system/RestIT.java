package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.util.JsonFormat;
import io.espalier.system.Rest.Answer;
import io.espalier.v1.JobEvent;
import io.espalier.v1.PruneRequest;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Control over HTTP on a service that asks nobody who he is, and what other sites' pages can do to it. */
class RestIT extends SoundStack {
    private static final String DONE = "rest-done";

    /** Of a path that would lead to another report.html, or to one by another name. */
    private static final List<String> SPELLINGS = List.of(
            "/api/jobs/../report",
            "/api/jobs/..%2Freport",
            "/api/jobs/%2E%2E/report",
            "/api/jobs/.%2F/report",
            "/api/jobs//report",
            "/api/jobs/%2E/report",
            "/api/jobs/rest-done%2F../report",
            "/api/jobs/rest-done/..%2F..%2Freport",
            "/api/jobs/rest-done/report.html",
            "/api/jobs/rest-done/%2E%2E/report",
            "/api/jobs/..%5C/report",
            "/api/jobs/..;/report");

    private static Rest rest;
    private static URI service;

    @BeforeAll
    static void aFinishedJob() {
        service = stack.service("evaluator").launch().http();
        rest = new Rest(HttpClient.newHttpClient(), service);
        stack.run(Requests.magnitude(DONE));
        Awaitility.await().atMost(Stack.LIMIT).until(() -> state(DONE).equals("COMPLETED"));
    }

    private static String state(String job) throws Exception {
        return rest.get("/api/jobs/" + job).json().path("state").asText();
    }

    @Test
    void aRequestInJsonBecomesAJobWhoseEventsAreHeardToTheEnd() throws Exception {
        // When
        Answer sent = rest.post("/api/jobs", json(Requests.magnitude("rest-json")));
        Awaitility.await()
                .atMost(Stack.LIMIT)
                .until(() -> rest.get("/api/jobs/rest-json").status() == 200);
        Answer watched = rest.get("/api/jobs/rest-json/events");

        // Then
        assertThat(sent.status()).isEqualTo(200);
        assertThat(sent.json().path("job_id").asText()).isEqualTo("rest-json");
        assertThat(watched.header("content-type")).startsWith("text/event-stream");
        List<JsonNode> events = watched.events();
        assertThat(events.get(0).has("accepted")).isTrue();
        assertThat(events).anyMatch(event -> event.has("progress"));
        assertThat(events.get(events.size() - 1)
                        .path("completed")
                        .path("pruned")
                        .path("perplexity")
                        .asDouble())
                .isPositive();
    }

    @Test
    void theSameRequestInYamlWithoutAnIdIsGivenOne() throws Exception {
        // Given
        String yaml = """
                model: llama
                calibration: {text: calibration.txt, samples: 8, sequence_length: 32}
                scoring: {criterion: magnitude}
                pruning: {unit_ratio: 0.34, compensation: none}
                evaluation: {text: evaluation.txt, sequence_length: 32, max_windows: 4, skip_speed: true}
                """;

        // When
        Answer sent = rest.send("/api/jobs", "application/yaml", yaml);

        // Then
        String job = sent.json().path("job_id").asText();
        assertThat(job).startsWith("job-");
        assertThat(stack.awaitEnd(job).hasCompleted()).isTrue();
    }

    @Test
    void whatIsNoRequestIsRefusedWithThePlaceAndTheReason() throws Exception {
        // When
        Answer misspelt = rest.post("/api/jobs", "{\"model\": \"llama\", \"prunning\": {}}");
        Answer unnamed = rest.post("/api/jobs", "{\"seed\": 1}");
        Answer noYaml = rest.send("/api/jobs", "application/yaml", "model: [");

        // Then
        assertThat(List.of(misspelt, unnamed, noYaml)).allSatisfy(answer -> {
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.code()).isEqualTo("MALFORMED_MESSAGE");
        });
        assertThat(misspelt.message()).contains("prunning");
        assertThat(unnamed.message()).contains("model");
        assertThat(noYaml.message()).contains("line 1");
    }

    @Test
    void aRequestOfAMegabyteIsNotRead() throws Exception {
        // When
        String answer = raw(
                "POST /api/jobs",
                "localhost",
                "Content-Type: application/json\r\nContent-Length: %d\r\n".formatted(1 << 20));

        // Then
        assertThat(answer).startsWith("HTTP/1.1 413");
    }

    @Test
    void aRequestBeyondWhatATopicTakesIsRefusedInWords() throws Exception {
        // When
        Answer answer = rest.post("/api/jobs", "{\"model\": \"" + "x".repeat(33 << 10) + "\"}");

        // Then
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.message()).contains("32768");
    }

    @Test
    void aCancelOverHttpEndsTheJobWithItsReason() throws Exception {
        // Given
        stack.client().submit(Requests.slowScoring("rest-cancel"));
        stack.awaitEvent("rest-cancel", JobEvent::hasProgress);
        Awaitility.await()
                .atMost(Stack.LIMIT)
                .until(() -> rest.get("/api/jobs/rest-cancel").status() == 200);

        // When
        Answer answer = rest.post("/api/jobs/rest-cancel/cancel", "{\"reason\": \"not needed\"}");

        // Then
        assertThat(answer.status()).isEqualTo(200);
        JobEvent end = stack.awaitEnd("rest-cancel");
        assertThat(end.getCancelled().getReason()).isEqualTo("not needed");
    }

    @Test
    void aJobThatHasEndedIsNotCancelled() throws Exception {
        // When
        Answer answer = rest.post("/api/jobs/" + DONE + "/cancel", "{}");

        // Then
        assertThat(answer.status()).isEqualTo(409);
        assertThat(answer.code()).isEqualTo("FAILED_PRECONDITION");
        assertThat(answer.message()).contains("has ended as COMPLETED");
    }

    @Test
    void jobsArePagedNewestFirst() throws Exception {
        // When
        Answer first = rest.get("/api/jobs?page_size=1");
        Answer second = rest.get("/api/jobs?page_size=1&page_token="
                + first.json().path("next_page_token").asText());
        Answer none = rest.get("/api/jobs?page_token=nothing");

        // Then
        assertThat(first.json().path("jobs")).hasSize(1);
        assertThat(second.json().path("jobs")).isNotEqualTo(first.json().path("jobs"));
        assertThat(none.status()).isEqualTo(400);
        assertThat(rest.get("/api/jobs?page_size=-1").code()).isEqualTo("INVALID_ARGUMENT");
    }

    @Test
    void theReportOfAFinishedJobIsServedAndCanActForNobody() throws Exception {
        // When
        Answer page = rest.get("/api/jobs/" + DONE + "/report");
        Answer data = rest.get("/api/jobs/" + DONE + "/report.json");

        // Then
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.body())
                .isEqualTo(Files.readString(reports().resolve(DONE).resolve("report.html")));
        assertThat(page.header("content-type")).startsWith("text/html");
        assertThat(page.header("content-security-policy"))
                .startsWith("sandbox allow-scripts")
                .doesNotContain("allow-same-origin");
        assertThat(data.json().path("job_id").asText()).isEqualTo(DONE);
    }

    @Test
    void noSpellingOfAJobLeadsOutOfTheFolderOfReports() throws Exception {
        // Given
        List<Path> secrets =
                List.of(reports().resolveSibling("report.html"), reports().resolve("report.html"));
        for (Path secret : secrets) {
            Files.writeString(secret, "a secret");
        }
        List<String> answers = new ArrayList<>();

        // When
        for (String path : SPELLINGS) {
            answers.add(raw("GET " + path, "localhost", ""));
        }

        // Then
        for (Path secret : secrets) {
            Files.delete(secret);
        }
        assertThat(answers)
                .allSatisfy(
                        answer -> assertThat(answer).startsWith("HTTP/1.1 40").doesNotContain("a secret"));
    }

    @Test
    void aReportThatIsALinkToElsewhereIsNotServed() throws Exception {
        // Given
        stack.run(Requests.magnitude("rest-linked"));
        Awaitility.await().atMost(Stack.LIMIT).until(() -> state("rest-linked").equals("COMPLETED"));
        Path secret = Files.writeString(stack.folders().state().resolve("secret"), "a secret");
        Path page = reports().resolve("rest-linked").resolve("report.html");
        Path kept = Files.move(page, page.resolveSibling("kept"));
        Files.createSymbolicLink(page, secret);

        // When
        Answer answer = rest.get("/api/jobs/rest-linked/report");

        // Then
        Files.move(kept, page, StandardCopyOption.REPLACE_EXISTING);
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.body()).doesNotContain("a secret");
    }

    @Test
    void whatIsNotKnownIsNotFound() throws Exception {
        for (String path :
                List.of("/api/jobs/nobodys", "/api/jobs/nobodys/events", "/api/jobs/nobodys/report", "/api/nothing")) {
            // When
            Answer answer = rest.get(path);

            // Then
            assertThat(answer.status()).as(path).isEqualTo(404);
        }
        assertThat(rest.get("/api/jobs/nobodys").code()).isEqualTo("NOT_FOUND");
        assertThat(rest.post("/api/workers/nobody/pause", "{}").status()).isEqualTo(404);
    }

    @Test
    void aWorkerIsPausedAndResumedOverHttp() throws Exception {
        // Given
        String pruner = stack.workers("pruner").get(0);
        try {
            // When
            Answer paused = rest.post("/api/workers/" + pruner + "/pause", "{}");

            // Then
            assertThat(paused.status()).isEqualTo(200);
            awaitWorker(pruner, "PAUSED");
        } finally {
            rest.post("/api/workers/" + pruner + "/resume", "{}");
        }
        awaitWorker(pruner, "READY");
    }

    private static void awaitWorker(String id, String state) {
        Awaitility.await(id + " is " + state).atMost(Stack.LIMIT).until(() -> StreamSupport.stream(
                        rest.get("/api/workers").json().path("workers").spliterator(), false)
                .map(worker -> worker.path("last_beat"))
                .anyMatch(beat -> beat.path("worker_id").asText().equals(id)
                        && beat.path("state").asText().equals(state)));
    }

    @ParameterizedTest
    @CsvSource({
        "Origin, http://evil.example",
        "Origin, null",
        "Origin, http://127.0.0.1:1",
        "Sec-Fetch-Site, cross-site",
        "Sec-Fetch-Site, same-site"
    })
    void anotherSitesPageSubmitsNothing(String header, String value) throws Exception {
        // When
        Answer answer = rest.post("/api/jobs", json(Requests.magnitude("rest-foreign")), header, value);

        // Then
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.code()).isEqualTo("PERMISSION_DENIED");
        assertThat(stack.log().records("prune-requests", "rest-foreign")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})
    void aTypeOfContentThatAFormCanSendSubmitsNothing(String type) throws Exception {
        // When
        Answer answer = rest.send("/api/jobs", type, json(Requests.magnitude("rest-form")));

        // Then
        assertThat(answer.status()).isEqualTo(415);
        assertThat(stack.log().records("prune-requests", "rest-form")).isEmpty();
    }

    @Test
    void aWorkerIsNotDrainedByAnEmptyFormOfAnotherSite() throws Exception {
        // When
        String answer = raw("POST /api/workers/scorer-1/drain", "localhost", "Content-Length: 0\r\n");

        // Then
        assertThat(answer).startsWith("HTTP/1.1 415");
    }

    @ParameterizedTest
    @ValueSource(strings = {"evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example"})
    void aNameThatSomebodyElseOwnsReadsNothing(String host) throws Exception {
        // When
        String answer = raw("GET /api/jobs", host, "");

        // Then
        assertThat(answer).startsWith("HTTP/1.1 403").doesNotContain(DONE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api;x/jobs",
                "//api/jobs",
                "/api/./jobs",
                "/%61pi/jobs",
                "/ui/../api/jobs",
                "/ui/..%2Fapi/jobs",
                "/ui/..;/api/jobs"
            })
    void noSpellingOfThePathLeadsAroundThat(String path) throws Exception {
        // When
        String answer = raw("GET " + path, "evil.example", "");

        // Then
        assertThat(answer).startsWith("HTTP/1.1 40").doesNotContain(DONE);
    }

    @Test
    void noOtherSiteMayReadAnAnswer() throws Exception {
        // When
        Answer answer = rest.get("/api/jobs", "Origin", "http://evil.example");

        // Then
        assertThat(answer.response().headers().map()).doesNotContainKey("access-control-allow-origin");
        assertThat(answer.header("cross-origin-resource-policy")).isEqualTo("same-origin");
    }

    @Test
    void thePageRunsNothingButItsOwnFilesAndStandsInNoFrame() throws Exception {
        // When
        Answer page = rest.get("/ui/");

        // Then
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.header("content-security-policy"))
                .contains("default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'")
                .doesNotContain("unsafe");
        assertThat(page.header("x-content-type-options")).isEqualTo("nosniff");
        assertThat(page.header("referrer-policy")).isEqualTo("no-referrer");
        assertThat(rest.get("/").response().headers().firstValue("location")).hasValue("/ui/");
    }

    @Test
    void theApiDescribesItself() throws Exception {
        // When
        Answer answer = rest.get("/q/openapi?format=json");

        // Then
        assertThat(answer.json().path("paths").fieldNames())
                .toIterable()
                .contains("/api/jobs", "/api/jobs/{id}/events", "/api/workers/{id}/drain");
    }

    private static Path reports() {
        return stack.folders().artifacts().resolve("reports");
    }

    private static String json(PruneRequest request) throws Exception {
        return JsonFormat.printer().preservingProtoFieldNames().print(request);
    }

    /** The whole answer to a call that is sent as it is written, which no HTTP client would do. */
    private static String raw(String line, String host, String headers) throws IOException {
        try (Socket socket = new Socket(service.getHost(), service.getPort())) {
            String call = "%s HTTP/1.1\r\nHost: %s\r\n%sConnection: close\r\n\r\n".formatted(line, host, headers);
            socket.getOutputStream().write(call.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
