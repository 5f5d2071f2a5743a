package io.espalier.system;

import io.espalier.cli.stack.ServiceLaunches;
import io.espalier.cli.stack.ServiceProcess;
import io.espalier.cli.stack.ServiceProcess.Launch;
import io.espalier.cli.stack.StackSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** One evaluator with everything that protects it: TLS, certificates of clients, static tokens, tokens of a provider. */
final class SecuredService implements AutoCloseable {
    static final int JOBS_PER_CALLER = 3;

    private final TestCertificates certificates;
    private final Path tokens;
    private final KeyPair provider;
    private final ServiceProcess process;

    SecuredService(Folders folders, String bootstrap) throws Exception {
        Path folder = Files.createDirectories(folders.state().resolve("security"));
        certificates = new TestCertificates(folder);
        provider = TestCertificates.keyPair();
        tokens = Files.createFile(folder.resolve("tokens"));
        TestCertificates.Pem server = certificates.issue("server");
        Launch usual = launch(folders, bootstrap, "evaluator");
        Map<String, String> environment = new HashMap<>(usual.environment());
        environment.put(
                "QUARKUS_TLS_KEY_STORE_PEM__0__CERT", server.certificate().toString());
        environment.put("QUARKUS_TLS_KEY_STORE_PEM__0__KEY", server.key().toString());
        environment.put("QUARKUS_TLS_RELOAD_PERIOD", "1s");
        environment.put(
                "QUARKUS_TLS_TRUST_STORE_PEM_CERTS", certificates.authority().toString());
        environment.put("QUARKUS_HTTP_INSECURE_REQUESTS", "disabled");
        environment.put(
                "QUARKUS_HTTP_AUTH_CERTIFICATE_ROLE_PROPERTIES",
                Files.writeString(folder.resolve("roles.properties"), "carol=viewer\nlate=operator\n")
                        .toString());
        environment.put("ESPALIER_QUOTA_JOBS_PER_CALLER", Integer.toString(JOBS_PER_CALLER));
        environment.put("ESPALIER_AUTH_TOKENS_FILE", tokens.toString());
        environment.put("QUARKUS_OIDC_TENANT_ENABLED", "true");
        environment.put(
                "QUARKUS_OIDC_PUBLIC_KEY",
                Base64.getEncoder().encodeToString(provider.getPublic().getEncoded()));
        process = ServiceProcess.start(
                new Launch(usual.service(), usual.name(), usual.command(), environment, usual.log(), usual.httpPort()));
    }

    /** A service as `espalier up` starts it. */
    static Launch launch(Folders folders, String bootstrap, String name) throws IOException {
        StackSettings settings = new StackSettings(
                Folders.HOME, folders.state(), folders.models(), folders.texts(), folders.artifacts(), 1, false);
        Files.createDirectories(folders.artifacts());
        Files.createDirectories(settings.temporaryFolder());
        return ServiceLaunches.launch(settings, bootstrap, "evaluator", name);
    }

    TestCertificates certificates() {
        return certificates;
    }

    ServiceProcess process() {
        return process;
    }

    /** Adds a line to the file of static tokens. */
    void permit(String name, String roles, String token) throws IOException, GeneralSecurityException {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        Files.writeString(
                tokens,
                "%s %s %s%n".formatted(name, roles, HexFormat.of().formatHex(digest)),
                StandardOpenOption.APPEND);
    }

    /** A token as the provider of identities would sign it, valid for an hour. */
    String providersToken(String name, String role) throws GeneralSecurityException {
        return token(provider, name, role);
    }

    /** A token that looks like the provider's, and is signed with another key. */
    String forgedToken(String name, String role) throws GeneralSecurityException {
        return token(TestCertificates.keyPair(), name, role);
    }

    private static String token(KeyPair keys, String name, String role) throws GeneralSecurityException {
        long now = Instant.now().getEpochSecond();
        String content = encoded("{\"alg\":\"RS256\",\"typ\":\"JWT\"}") + "."
                + encoded("{\"sub\":\"%s\",\"groups\":[\"%s\"],\"iat\":%d,\"exp\":%d}"
                        .formatted(name, role, now, now + Duration.ofHours(1).toSeconds()));
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(keys.getPrivate());
        signature.update(content.getBytes(StandardCharsets.US_ASCII));
        return content + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature.sign());
    }

    private static String encoded(String json) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(json.getBytes(StandardCharsets.UTF_8));
    }

    /** The lines of the audit log. */
    List<String> audit() throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line : Files.readAllLines(process.launch().log())) {
            if (line.contains("[espalier.audit]")) {
                lines.add(line);
            }
        }
        return lines;
    }

    @Override
    public void close() {
        process.requestStop();
        process.awaitStop(Duration.ofSeconds(10));
    }
}
