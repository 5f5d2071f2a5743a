package io.espalier.benchmarks.measure;

import io.espalier.base.EngineEnvironment;
import io.espalier.cli.stack.EngineJvm;
import io.espalier.pipeline.runtime.ParentWatch;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;

/** Runs a measure in a new JVM with the options of the services, so that its memory and threads belong to it alone. */
public final class FreshJvm implements Measuring {
    private static final String MARK = "measured ";

    /** The share of stolen time from which on a warning is printed. Ratios of two runs differ by about 5% in any case. */
    private static final double WORTH_TELLING = 0.03;

    @Override
    public Measured run(Measure measure, Work work) {
        List<String> command = EngineJvm.command();
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), FreshJvm.class.getName()));
        command.addAll(List.of(
                measure.name(),
                work.json(),
                Long.toString(ProcessHandle.current().pid())));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(EngineEnvironment.here());
        ProcessorTime before = ProcessorTime.now();
        try {
            Measured measured = outcome(measure, builder.start());
            warn(measure, ProcessorTime.now().stolenSince(before));
            return measured;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start a JVM for " + measure.spelled(), e);
        }
    }

    private static void warn(Measure measure, double stolen) {
        if (stolen >= WORTH_TELLING) {
            System.err.printf(
                    Locale.ROOT,
                    "%s: the host of this virtual machine took %.0f%% of the processors' time;"
                            + " run it again when the host is quieter to compare times and ratios%n",
                    measure.spelled(),
                    100 * stolen);
        }
    }

    private static Measured outcome(Measure measure, Process process) throws IOException {
        try (BufferedReader output = process.inputReader()) {
            Measured measured = null;
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith(MARK)) {
                    measured = Measured.parse(line.substring(MARK.length()));
                }
            }
            int exit = process.waitFor();
            if (exit != 0 || measured == null) {
                throw new IOException(
                        "%s ended with exit code %d; its output above says why".formatted(measure.spelled(), exit));
            }
            return measured;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while measuring " + measure.spelled(), e);
        } finally {
            process.destroyForcibly();
        }
    }

    /** The main method of the new JVM. Its arguments are {@code MEASURE WORK PARENT}; the last one is a process id. */
    public static void main(String[] arguments) throws IOException {
        ParentWatch.exitWith(Long.parseLong(arguments[2]));
        Measured measured = Measure.valueOf(arguments[0]).run(Work.parse(arguments[1]));
        System.out.println(MARK + measured.json());
    }
}
