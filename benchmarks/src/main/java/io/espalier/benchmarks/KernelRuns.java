package io.espalier.benchmarks;

import io.espalier.base.EngineEnvironment;
import io.espalier.cli.stack.EngineJvm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Runs the JMH benchmarks of the package {@code kernel}. */
final class KernelRuns {
    private KernelRuns() {}

    /** @return JMH's exit code */
    static int run(String regex) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(EngineJvm.command());
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                "org.openjdk.jmh.Main",
                regex,
                "-f",
                "1",
                "-foe",
                "true"));
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        builder.environment().putAll(EngineEnvironment.here());
        return builder.start().waitFor();
    }
}
