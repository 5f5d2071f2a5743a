package io.espalier.cli.stack;

import io.espalier.base.EngineEnvironment;
import io.espalier.cli.CommandFailure;
import io.espalier.cli.stack.ServiceProcess.Launch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** The command lines of a local stack's child JVMs. They run the same jars as the container images. */
public final class ServiceLaunches {
    /** The service of which a stack may have several processes. */
    private static final String SCORER = "scorer";

    /** The service that serves the web page. */
    static final String WITH_PAGE = "evaluator";

    /** Of gRPC, health, metrics and the page. */
    private static final String PORT = "-Dquarkus.http.port=";

    /** All services in the order in which the data flows. This is the command line's only list of them. */
    static final List<String> SERVICES = List.of(SCORER, "pruner", "recoverer", WITH_PAGE);

    private ServiceLaunches() {}

    /** @throws CommandFailure if a service is not built */
    static List<Launch> of(StackSettings settings, String bootstrap) {
        List<Launch> launches = new ArrayList<>();
        for (String service : SERVICES) {
            for (String name : names(service, settings.scorers())) {
                launches.add(launch(settings, bootstrap, service, name));
            }
        }
        return launches;
    }

    private static List<String> names(String service, int scorers) {
        return service.equals(SCORER)
                ? IntStream.rangeClosed(1, scorers)
                        .mapToObj(i -> service + "-" + i)
                        .toList()
                : List.of(service);
    }

    /** Whether no process listens on the port of a launch. */
    static boolean portIsFree(Launch launch) {
        return FreePorts.isFree(launch.httpPort());
    }

    /** The same launch on a port that is free now. */
    static Launch onAnotherPort(Launch launch) {
        int port = FreePorts.take(1).get(0);
        List<String> command = launch.command().stream()
                .map(argument -> argument.startsWith(PORT) ? PORT + port : argument)
                .toList();
        return new Launch(launch.service(), launch.name(), command, launch.environment(), launch.log(), port);
    }

    /**
     * The launch of one more process of a service.
     *
     * @param service one of {@link #SERVICES}
     * @param name name of the process, unique in the stack; results name the worker by it
     * @throws CommandFailure if the service is not built
     */
    public static Launch launch(StackSettings settings, String bootstrap, String service, String name) {
        Path jar = settings.home().resolve(service + "-service/target/quarkus-app/quarkus-run.jar");
        if (!Files.exists(jar)) {
            throw CommandFailure.unreachable(
                    "the %s service is not built (no %s); run ./mvnw -DskipTests package".formatted(service, jar));
        }
        int port = FreePorts.take(1).get(0);
        List<String> command = EngineJvm.command();
        if (settings.once()) {
            // To optimize takes a third of all processor time of the demo; it would pay later.
            command.add("-XX:TieredStopAtLevel=1");
        }
        // The child watches this process and ends when it no longer exists, even if it was killed.
        command.add("-Despalier.parent.pid=" + ProcessHandle.current().pid());
        // The next start of the stack empties this folder, so the files of a killed service do not remain.
        command.add("-Djava.io.tmpdir=" + settings.temporaryFolder());
        // A virtual machine that crashes leaves its report beside the logs.
        command.add("-XX:ErrorFile=" + settings.log(name + ".crash-%p"));
        // A person reads the log of a local stack.
        command.add("-Dquarkus.log.console.json.enabled=false");
        command.add("-Despalier.worker.name=" + name);
        command.add("-Dkafka.bootstrap.servers=" + bootstrap);
        command.add("-Despalier.topic.prefix=");
        command.add("-Despalier.models.root=" + settings.models());
        command.add("-Despalier.texts.root=" + settings.texts());
        command.add("-Despalier.artifacts.root=" + settings.artifacts());
        // No other machine can reach this address, so the services need neither TLS nor authentication.
        command.add("-Dquarkus.http.host=127.0.0.1");
        command.add(PORT + port);
        command.add("-jar");
        command.add(jar.toString());
        return new Launch(service, name, command, EngineEnvironment.here(), settings.log(name), port);
    }
}
