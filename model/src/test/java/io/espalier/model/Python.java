package io.espalier.model;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A Python that stands in for a user's runtime: {@code -Despalier.python=PATH}, else the {@code python3} of the path. No test
 * needs one.
 */
public final class Python {
    private static final Path EXAMPLES = Path.of("..", "deploy", "examples");

    public record Run(int status, String output) {}

    private Python() {}

    /** Why nothing can be run that imports a module; empty if it can. */
    public static Optional<String> lacks(String module) {
        try {
            Run run = run(List.of("-c", "import " + module));
            return run.status() == 0 ? Optional.empty() : Optional.of(executable() + " has no module " + module);
        } catch (IOException e) {
            return Optional.of("no Python: " + e.getMessage());
        }
    }

    /** Runs a program of {@code deploy/examples}. */
    public static Run example(String program, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(EXAMPLES.resolve(program).toString()));
        command.addAll(arguments);
        return run(command);
    }

    private static Run run(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(executable()));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("HF_HUB_OFFLINE", "1");
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            return new Run(process.waitFor(), output);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private static String executable() {
        return System.getProperty("espalier.python", "python3");
    }
}
