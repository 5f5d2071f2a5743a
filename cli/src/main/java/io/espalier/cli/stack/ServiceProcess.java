package io.espalier.cli.stack;

import io.espalier.cli.CommandFailure;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A child JVM that serves its health over HTTP and appends its output to a file, which is set aside first if it is full. */
public final class ServiceProcess {
    private static final Duration ASK_AGAIN = Duration.ofMillis(100);
    private static final Duration ANSWER = Duration.ofSeconds(5);
    private static final Duration SILENT = Duration.ofSeconds(15);

    private final Launch launch;
    private final Process process;

    /**
     * @param service name of the service, such as "scorer"
     * @param name name of the process, unique in the stack, such as "scorer-1"
     * @param environment variables that are added to the environment of this process
     * @param httpPort port on 127.0.0.1 at which the child serves {@code /q/health/ready}
     */
    public record Launch(
            String service,
            String name,
            List<String> command,
            Map<String, String> environment,
            Path log,
            int httpPort) {
        public Launch {
            command = List.copyOf(command);
            environment = Map.copyOf(environment);
        }

        public URI http() {
            return URI.create("http://127.0.0.1:" + httpPort);
        }
    }

    private ServiceProcess(Launch launch, Process process) {
        this.launch = launch;
        this.process = process;
    }

    public static ServiceProcess start(Launch launch) throws IOException {
        Files.createDirectories(launch.log().toAbsolutePath().getParent());
        LogFiles.setAsideIfFull(launch.log());
        ProcessBuilder builder = new ProcessBuilder(launch.command())
                .redirectErrorStream(true)
                .redirectOutput(Redirect.appendTo(launch.log().toFile()));
        builder.environment().putAll(launch.environment());
        Process process = builder.start();
        process.getOutputStream().close();
        return new ServiceProcess(launch, process);
    }

    public Launch launch() {
        return launch;
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /**
     * Waits until the child reports that it is ready.
     *
     * @throws CommandFailure when the child ends before or is not ready in time; the message names its log
     */
    public void awaitReady(HttpClient client, Duration limit) throws InterruptedException {
        awaitReady(client, limit, line -> {});
    }

    /**
     * The same.
     *
     * @param say receives now and then a line that says what is missing
     */
    void awaitReady(HttpClient client, Duration limit, Consumer<String> say) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        long nextLine = System.nanoTime() + SILENT.toNanos();
        HttpRequest question = HttpRequest.newBuilder(launch.http().resolve("/q/health/ready"))
                .timeout(ANSWER)
                .build();
        String answer = "no answer yet";
        while (System.nanoTime() < deadline) {
            if (!process.isAlive()) {
                throw CommandFailure.unreachable(end());
            }
            try {
                HttpResponse<String> response = client.send(question, BodyHandlers.ofString());
                if (response.statusCode() == 200) {
                    return;
                }
                answer = response.body().replaceAll("\\s+", " ");
            } catch (IOException e) {
                answer = String.valueOf(e.getMessage());
            }
            if (System.nanoTime() > nextLine) {
                say.accept("waiting for %s, at most %d s (%s)".formatted(launch.name(), limit.toSeconds(), answer));
                nextLine += SILENT.toNanos();
            }
            Thread.sleep(ASK_AGAIN.toMillis());
        }
        throw CommandFailure.unreachable("%s is not ready after %d s (%s); see %s"
                .formatted(launch.name(), limit.toSeconds(), answer, launch.log()));
    }

    /** @throws IllegalThreadStateException while the child is alive */
    public int exitCode() {
        return process.exitValue();
    }

    /**
     * Waits for the child to end.
     *
     * @return a description of how the child ended, with the path of its log
     */
    String awaitEnd() throws InterruptedException {
        process.waitFor();
        return end();
    }

    private String end() {
        return "%s %s; see %s".formatted(launch.name(), ExitStatus.words(process.exitValue()), launch.log());
    }

    /** Asks the child to end, without waiting for it. */
    public void requestStop() {
        process.destroy();
    }

    /** Waits for the child to end and kills it after the limit. When this returns, it has ended or ends soon. */
    public void awaitStop(Duration limit) {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
