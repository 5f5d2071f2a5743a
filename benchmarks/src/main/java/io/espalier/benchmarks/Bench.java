package io.espalier.benchmarks;

import io.espalier.base.EspalierException;
import io.espalier.cli.CommandFailure;
import io.espalier.cli.ExitCode;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code espalier bench}. */
@Command(
        name = "espalier bench",
        mixinStandardHelpOptions = true,
        description = "Measures this machine and this build; benchmarks/RESULTS.md says what the numbers mean.")
public final class Bench implements Callable<Integer> {
    @Mixin
    private BenchOptions options = new BenchOptions();

    @ArgGroup
    private Mode mode = new Mode();

    /** The user chooses at most one mode. Without one, the benchmark compares processes. */
    static final class Mode {
        @Option(names = "--run", description = "Score, prune and evaluate, each its own process: memory and time.")
        private boolean run;

        @Option(names = "--pruner", description = "Bytes the pruner moves per second, against cp.")
        private boolean pruner;

        @Option(names = "--workers", description = "Two scorers of one thread against one.")
        private boolean workers;

        @Option(names = "--products", description = "What bounds the forward: its products alone, in both types.")
        private boolean products;

        @Option(names = "--latency", description = "How long a job of the demo model waits in a warm pipeline.")
        private boolean latency;

        @Option(
                names = "--jmh",
                arity = "0..1",
                fallbackValue = ".*",
                paramLabel = "REGEX",
                description = "Kernels, by JMH. Default: all.")
        private String jmh = "";
    }

    public static void main(String[] arguments) {
        CommandLine line = new CommandLine(new Bench()).setUsageHelpAutoWidth(true);
        line.setExecutionExceptionHandler((e, failed, parsed) -> {
            CommandFailure failure = e instanceof EspalierException invalid ? CommandFailure.invalid(invalid) : null;
            if (e instanceof CommandFailure known) {
                failure = known;
            }
            if (failure == null) {
                throw e;
            }
            System.err.println(failure.line());
            return failure.exitCode();
        });
        System.exit(line.execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        if (mode.run) {
            new FullRun(options).print();
        } else if (mode.pruner) {
            new PrunerSpeed(options).print();
        } else if (mode.workers) {
            new TwoWorkers(options).print();
        } else if (mode.products) {
            new ProductBounds(options).print();
        } else if (mode.latency) {
            new PipelineLatency(options).print();
        } else if (!mode.jmh.isEmpty()) {
            return KernelRuns.run(mode.jmh);
        } else {
            new Comparison(options).print();
        }
        return ExitCode.OK;
    }
}
