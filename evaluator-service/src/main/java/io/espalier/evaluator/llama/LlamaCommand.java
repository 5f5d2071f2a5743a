package io.espalier.evaluator.llama;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** How to start {@link LlamaProgram}. */
@FunctionalInterface
public interface LlamaCommand {
    /** From this JDK on, Java warns about native libraries unless an option allows them. */
    int FIRST_JDK_THAT_WARNS = 24;

    /**
     * The command line of a process that leaves its files in a folder.
     *
     * @param temporary for the native library, which is unpacked by the process
     */
    List<String> in(Path temporary);

    /** With the java executable and the classes of this process. The heap holds a prompt and little else. */
    static LlamaCommand ofThisProcess() {
        return temporary -> {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-Xmx64m",
                    "-XX:TieredStopAtLevel=1",
                    "-XX:-CreateCoredumpOnCrash",
                    "-Djava.io.tmpdir=" + temporary));
            if (Runtime.version().feature() >= FIRST_JDK_THAT_WARNS) {
                command.add("--enable-native-access=ALL-UNNAMED");
            }
            command.addAll(
                    List.of("-cp", classPath(System.getProperty("java.class.path")), LlamaProgram.class.getName()));
            return command;
        };
    }

    /**
     * The class path for a process in another folder.
     *
     * @param own of a process; a service runs from one jar that finds the others in the folders beside it
     */
    static String classPath(String own) {
        Path first = Path.of(own.split(File.pathSeparator, 2)[0]).toAbsolutePath();
        if (first.endsWith("quarkus-run.jar")) {
            Path app = first.resolveSibling("");
            return List.of("app", "lib/main", "lib/boot").stream()
                    .map(folder -> app.resolve(folder) + File.separator + "*")
                    .collect(Collectors.joining(File.pathSeparator));
        }
        return Arrays.stream(own.split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }
}
