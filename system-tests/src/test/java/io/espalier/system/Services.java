package io.espalier.system;

import io.espalier.cli.stack.ServiceLaunches;
import io.espalier.cli.stack.ServiceProcess;
import io.espalier.cli.stack.ServiceProcess.Launch;
import io.espalier.cli.stack.StackSettings;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicFile;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;

/**
 * The services of a stack, a JVM each. Processes of a service are numbered from 1 in the order they were started:
 * scorer-1, scorer-2.
 */
final class Services implements AutoCloseable {
    private static final Duration STOP = Duration.ofSeconds(10);

    private final HttpClient http = HttpClient.newHttpClient();
    private final List<ServiceProcess> processes = new ArrayList<>();
    private final StackSettings settings;
    private final String bootstrap;
    private final List<String> options;

    /** The services of the pipeline, by the names of their stages. */
    static List<String> stages() {
        return TopicFile.declared().stages().stream().map(StageTopics::stage).toList();
    }

    /** @param options of every service's JVM, beside those of a local stack */
    Services(Folders folders, String bootstrap, List<String> options) throws IOException {
        this.settings = new StackSettings(
                Folders.HOME, folders.state(), folders.models(), folders.texts(), folders.artifacts(), 1, false);
        this.bootstrap = bootstrap;
        this.options = options;
        Files.createDirectories(folders.artifacts());
        Files.createDirectories(settings.temporaryFolder());
    }

    /**
     * Starts one more process of a service; does not wait until it is ready.
     *
     * @param further options of its JVM
     */
    ServiceProcess launch(String stage, String... further) throws IOException {
        String name = stage + "-" + (all(stage).size() + 1);
        Launch usual = ServiceLaunches.launch(settings, bootstrap, stage, name);
        List<String> command = new ArrayList<>(usual.command());
        command.addAll(1, options);
        command.addAll(1, List.of(further));
        ServiceProcess started = ServiceProcess.start(
                new Launch(usual.service(), name, command, usual.environment(), usual.log(), usual.httpPort()));
        processes.add(started);
        return started;
    }

    /** Brings the number of living processes of a stage up to this one. */
    void ensure(String stage, int count) throws IOException, InterruptedException {
        while (living(stage).size() < count) {
            launch(stage);
        }
        awaitReady();
    }

    /** Returns when every living process says that it is ready. */
    void awaitReady() throws InterruptedException {
        for (ServiceProcess process : processes) {
            if (process.isAlive()) {
                process.awaitReady(http, Stack.LIMIT);
            }
        }
    }

    List<ServiceProcess> all() {
        return List.copyOf(processes);
    }

    List<ServiceProcess> living(String stage) {
        return all(stage).stream().filter(ServiceProcess::isAlive).toList();
    }

    private List<ServiceProcess> all(String stage) {
        return processes.stream()
                .filter(process -> process.launch().service().equals(stage))
                .toList();
    }

    ServiceProcess named(String name) {
        return processes.stream()
                .filter(process -> process.launch().name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** What a process answers over HTTP. */
    HttpResponse<String> get(ServiceProcess process, String path) throws IOException, InterruptedException {
        HttpRequest question =
                HttpRequest.newBuilder(process.launch().http().resolve(path)).build();
        return http.send(question, HttpResponse.BodyHandlers.ofString());
    }

    /** Waits until the process writes something to its log. */
    static void awaitLogged(ServiceProcess process, String text) {
        awaitLogged(List.of(process), text);
    }

    /** Waits until any process of a service writes something to its log. */
    void awaitLogged(String stage, String text) {
        awaitLogged(all(stage), text);
    }

    private static void awaitLogged(List<ServiceProcess> some, String text) {
        Awaitility.await("\"%s\" in a log".formatted(text)).atMost(Stack.LIMIT).until(() -> {
            for (ServiceProcess process : some) {
                if (Files.readString(process.launch().log()).contains(text)) {
                    return true;
                }
            }
            return false;
        });
    }

    /**
     * Stops a process as an orchestrator does.
     *
     * @return its exit code
     */
    static int terminate(ServiceProcess process) {
        process.requestStop();
        process.awaitStop(Stack.LIMIT);
        return process.exitCode();
    }

    static void kill(ServiceProcess process) {
        ProcessHandle.of(process.pid()).ifPresent(ProcessHandle::destroyForcibly);
        process.awaitStop(STOP);
    }

    static void freeze(ServiceProcess process) throws IOException, InterruptedException {
        signal(process, "STOP");
    }

    static void unfreeze(ServiceProcess process) throws IOException, InterruptedException {
        signal(process, "CONT");
    }

    private static void signal(ServiceProcess process, String signal) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    @Override
    public void close() {
        processes.forEach(ServiceProcess::requestStop);
        processes.forEach(process -> process.awaitStop(STOP));
    }
}
