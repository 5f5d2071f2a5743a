package io.espalier.cli.stack;

import io.espalier.base.EngineEnvironment;
import io.espalier.cli.CommandFailure;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Runs a program of a service's jars in a process of its own, for commands that need what the command line does not have. */
public final class ServiceProgram {
    private ServiceProgram() {}

    /**
     * Runs a program to its end, on this process's input and output.
     *
     * @param home where Espalier was built
     * @param service whose jars hold the program
     * @param mainClass its name
     * @return its exit code
     * @throws CommandFailure if the service is not built
     */
    public static int run(Path home, String service, String mainClass, List<String> arguments)
            throws IOException, InterruptedException {
        Path app = home.resolve(service + "-service/target/quarkus-app");
        if (!Files.isDirectory(app)) {
            throw CommandFailure.unreachable(
                    "the %s service is not built (no %s); run ./mvnw -DskipTests package".formatted(service, app));
        }
        List<String> command = EngineJvm.command();
        command.addAll(List.of(
                "-cp",
                String.join(File.pathSeparator, app + "/app/*", app + "/lib/main/*", app + "/lib/boot/*"),
                mainClass));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        builder.environment().putAll(EngineEnvironment.here());
        Process process = builder.start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        return process.waitFor();
    }
}
