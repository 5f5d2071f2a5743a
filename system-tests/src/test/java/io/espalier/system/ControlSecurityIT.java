package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.cli.stack.ServiceProcess;
import io.espalier.cli.stack.ServiceProcess.Launch;
import io.espalier.v1.CancelJobRequest;
import io.espalier.v1.ControlGrpc.ControlBlockingStub;
import io.espalier.v1.JobCommand;
import io.espalier.v1.ResumeWorkerRequest;
import io.espalier.v1.WorkerCommand;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Status;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in by gRPC and HTTP, and to what. */
class ControlSecurityIT extends SecuredControl {
    @Test
    void aCallerWithoutATokenIsNotKnown() {
        assertThat(outcomeOfListing(stub(tls().build()))).isEqualTo(Status.Code.UNAUTHENTICATED);
    }

    @Test
    void aCallerWithATokenThatNobodyHasIsNotKnown() {
        assertThat(outcomeOfListing(bearing("token-of-nobody"))).isEqualTo(Status.Code.UNAUTHENTICATED);
    }

    @Test
    void aViewerLooksAndDoesNotCancel() throws Exception {
        // Given
        ControlBlockingStub vera = bearing(VIEWERS_TOKEN);
        assertThat(outcomeOfListing(vera)).isEqualTo(Status.Code.OK);

        // When
        Status.Code outcome = outcome(() ->
                vera.cancelJob(CancelJobRequest.newBuilder().setJobId(RUNNING).build()));

        // Then
        assertThat(outcome).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(service.audit())
                .anyMatch(line -> line.contains("by=\"vera\"") && line.contains("PERMISSION_DENIED"));
    }

    @Test
    void anOperatorsCancelNamesHimInTheCommandAndInTheAuditLog() throws Exception {
        // When
        bearing(OPERATORS_TOKEN)
                .cancelJob(CancelJobRequest.newBuilder()
                        .setJobId(RUNNING)
                        .setReason("no longer needed")
                        .build());

        // Then
        JobCommand command =
                JobCommand.parseFrom(onlyRecord("job-commands", RUNNING).value());
        assertThat(command.getBy()).isEqualTo("otto");
        Services.awaitLogged(
                service.process(), "by=\"otto\" action=\"cancel\" on=\"%s\" outcome=OK".formatted(RUNNING));
    }

    @Test
    void aTokenOfTheProviderGivesTheRolesItNames() throws Exception {
        // Given
        ControlBlockingStub erin = bearing(service.providersToken("erin", "operator"));

        // When
        erin.resumeWorker(ResumeWorkerRequest.newBuilder().setWorkerId(WORKER).build());

        // Then
        WorkerCommand command =
                WorkerCommand.parseFrom(onlyRecord("worker-commands", WORKER).value());
        assertThat(command.getBy()).isEqualTo("erin");
        assertThat(outcomeOfPausing(bearing(service.providersToken("finn", "viewer"))))
                .isEqualTo(Status.Code.PERMISSION_DENIED);
    }

    @Test
    void aTokenThatTheProviderDidNotSignIsRefused() throws Exception {
        assertThat(outcomeOfListing(bearing(service.forgedToken("erin", "operator"))))
                .isEqualTo(Status.Code.UNAUTHENTICATED);
    }

    @Test
    void aCertificateOfAClientIsAsGoodAsAToken() throws Exception {
        // Given
        ControlBlockingStub carol = showing(service.certificates().issue("carol"));

        // When
        Status.Code listing = outcomeOfListing(carol);

        // Then
        assertThat(listing).isEqualTo(Status.Code.OK);
        assertThat(outcomeOfPausing(carol)).isEqualTo(Status.Code.PERMISSION_DENIED);
    }

    @Test
    void anExpiredCertificateIsRefused() throws Exception {
        assertThat(outcomeOfListing(showing(service.certificates().expired("late"))))
                .isEqualTo(Status.Code.UNAVAILABLE);
    }

    @Test
    void aCallerWithoutTlsIsNotAnswered() {
        assertThat(outcomeOfListing(stub(InsecureChannelCredentials.create()))).isEqualTo(Status.Code.UNAVAILABLE);
    }

    @Test
    void aTokenAddedLaterIsKnown() throws Exception {
        // Given
        assertThat(outcomeOfListing(bearing("token-of-lara"))).isEqualTo(Status.Code.UNAUTHENTICATED);

        // When
        service.permit("lara", "viewer", "token-of-lara");

        // Then
        assertThat(outcomeOfListing(bearing("token-of-lara"))).isEqualTo(Status.Code.OK);
    }

    @Test
    void aRenewedCertificateIsShownWithoutARestart() throws Exception {
        // Given
        BigInteger before = certificateShown().getSerialNumber();

        // When
        BigInteger renewed = service.certificates().issue("server").parsed().getSerialNumber();

        // Then
        assertThat(renewed).isNotEqualTo(before);
        Awaitility.await("the renewed certificate")
                .atMost(Stack.LIMIT)
                // A handshake in the moment of the change may be ended.
                .ignoreExceptions()
                .until(() -> certificateShown().getSerialNumber().equals(renewed));
    }

    @Test
    void aViewerReadsTheMetrics() throws Exception {
        assertThat(answerTo("/q/metrics", VIEWERS_TOKEN)).contains("espalier_tasks_running");
    }

    /** Ways of writing the path that have led past the rules of Quarkus before: CVE-2026-39852, CVE-2026-50559 and older ones. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/q/metrics",
                "/q/metrics;x",
                "/q/metrics%3Bx",
                "/q;x/metrics",
                "//q/metrics",
                "/q//metrics",
                "/q/%6Detrics",
                "/q%2Fmetrics",
                "/q%5Cmetrics",
                "/q/health/../metrics",
                "/q/health/%2E%2E/metrics",
                "/q/health/..%2Fmetrics",
                "/q/health/..;/metrics",
                "/q/health%2F..%2Fmetrics"
            })
    void noSpellingOfThePathShowsTheMetricsToSomebodyWhoMayNotReadThem(String path) throws Exception {
        // When
        String toSara = answerTo(path, SUBMITTERS_TOKEN);
        String toNobody = answerTo(path, "token-of-nobody");

        // Then
        assertThat(toSara).startsWith("HTTP/1.1 ").doesNotContain("espalier_tasks_running");
        assertThat(toNobody).startsWith("HTTP/1.1 ").doesNotContain("espalier_tasks_running");
    }

    @Test
    void noTokenIsInTheLog() throws Exception {
        // Given
        outcomeOfListing(bearing("token-of-nobody"));
        outcomeOfListing(bearing(VIEWERS_TOKEN));

        // When
        String written = Files.readString(service.process().launch().log());

        // Then
        assertThat(written).contains("espalier.audit").doesNotContain("token-of-");
    }

    @Test
    void aServiceThatOthersCouldReachUnprotectedDoesNotStart() throws Exception {
        // Given
        Launch usual = SecuredService.launch(folders, broker.bootstrap(), "unprotected");
        List<String> command = new ArrayList<>(usual.command());
        command.add(command.indexOf("-jar"), "-Dquarkus.http.host=0.0.0.0");

        // When
        ServiceProcess process = ServiceProcess.start(
                new Launch(usual.service(), usual.name(), command, usual.environment(), usual.log(), usual.httpPort()));

        // Then
        Awaitility.await("its end").atMost(Stack.LIMIT).until(() -> !process.isAlive());
        assertThat(process.exitCode()).isNotZero();
        assertThat(Files.readString(usual.log()))
                .contains("without TLS", "without authentication", "espalier.security.insecure=true")
                .doesNotContain("Listening on");
    }

    /** Trusts every server: the test asks which certificate it shows. */
    private static X509Certificate certificateShown() throws Exception {
        try (SSLSocket socket = connection()) {
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    /** The whole answer to a GET of a path that is sent as it is written, which no HTTP client would do. */
    private static String answerTo(String path, String token) throws Exception {
        try (SSLSocket socket = connection()) {
            String request =
                    "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n"
                            .formatted(path, token);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static SSLSocket connection() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Trusting()}, null);
        return (SSLSocket) context.getSocketFactory()
                .createSocket("127.0.0.1", service.process().launch().httpPort());
    }

    private static final class Trusting implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
