package io.espalier.evaluator.llama;

import io.espalier.base.Cancellation;
import io.espalier.base.EngineEnvironment;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A process of {@link LlamaProgram}, which ends with this. */
final class LlamaChild implements AutoCloseable {
    private static final long POLL_MILLIS = 50;
    private static final int SHOWN_CHARS = 300;

    /** Stands behind the last answer of a process that ended. */
    private static final String END = "";

    private final Process process;
    private final BufferedWriter commands;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private final Path errors;
    private final Duration deadline;

    /**
     * @param name of the process among those with the same folder
     * @param deadline for each answer
     */
    private LlamaChild(List<String> command, Path folder, String name, Duration deadline) throws IOException {
        this.errors = folder.resolve(name + ".err");
        this.deadline = deadline;
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(folder.toFile()).redirectError(errors.toFile());
        // They are for the engine of this process; llama.cpp is measured as its users run it.
        builder.environment().keySet().removeAll(EngineEnvironment.here().keySet());
        process = builder.start();
        commands = process.outputWriter(StandardCharsets.UTF_8);
        Thread reader = new Thread(this::read, "llama.cpp " + name);
        reader.setDaemon(true);
        reader.start();
    }

    /** Starts a process and waits until it has the library. */
    static LlamaChild start(LlamaCommand command, Path folder, String name, Duration deadline) throws LlamaFailure {
        LlamaChild child;
        try {
            child = new LlamaChild(command.in(folder), folder, name, deadline);
        } catch (IOException e) {
            throw LlamaFailure.failed("a process for llama.cpp cannot be started: " + e.getMessage());
        }
        try {
            child.expect("ready");
            return child;
        } catch (LlamaFailure | RuntimeException e) {
            child.close();
            throw e;
        }
    }

    private void read() {
        try (BufferedReader in = process.inputReader(StandardCharsets.UTF_8);
                Stream<String> lines = in.lines()) {
            lines.filter(line -> line.startsWith(LlamaProgram.ANSWER))
                    .map(line -> line.substring(LlamaProgram.ANSWER.length()))
                    .forEach(answers::add);
        } catch (IOException | UncheckedIOException e) {
            // As if it had ended.
        }
        answers.add(END);
    }

    /**
     * Sends a command.
     *
     * @param answer first word of the answer that is wanted
     * @return the words after it
     * @throws LlamaFailure if the process answers something else, ends, or does not answer in time
     */
    String[] ask(String command, String answer) throws LlamaFailure {
        try {
            commands.write(command);
            commands.newLine();
            commands.flush();
        } catch (IOException e) {
            throw ended();
        }
        return expect(answer);
    }

    private String[] expect(String wanted) throws LlamaFailure {
        String[] answer = next().split(" ", 2);
        String rest = answer.length > 1 ? answer[1] : "";
        if (answer[0].equals(wanted)) {
            return rest.split(" ");
        }
        if (answer[0].equals("missing")) {
            throw LlamaFailure.unusable("llama.cpp does not load on this machine: " + shown(rest));
        }
        throw LlamaFailure.failed("llama.cpp failed: " + shown(rest));
    }

    private String next() throws LlamaFailure {
        long start = System.nanoTime();
        try {
            while (System.nanoTime() - start < deadline.toNanos()) {
                Cancellation.check();
                String answer = answers.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
                if (answer != null && answer.equals(END)) {
                    throw ended();
                }
                if (answer != null) {
                    return answer;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw LlamaFailure.failed("the wait for llama.cpp was interrupted");
        }
        throw LlamaFailure.failed("llama.cpp did not answer within %d seconds".formatted(deadline.toSeconds()));
    }

    /** What the process wrote last says more than its exit status. */
    private LlamaFailure ended() {
        try {
            process.waitFor(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        String last = "";
        try (Stream<String> lines = Files.lines(errors, StandardCharsets.ISO_8859_1)) {
            last = lines.filter(line -> !line.isBlank()).reduce("", (before, line) -> line);
        } catch (IOException | UncheckedIOException e) {
            // Then there is nothing to show.
        }
        String status = process.isAlive() ? "" : " with status " + process.exitValue();
        return LlamaFailure.failed(
                "the process of llama.cpp ended" + status + (last.isEmpty() ? "" : ": " + shown(last)));
    }

    private static String shown(String text) {
        String plain = text.replaceAll("\\p{C}", "?");
        return plain.length() <= SHOWN_CHARS ? plain : plain.substring(0, SHOWN_CHARS) + "…";
    }

    /** The most memory that was resident so far, in bytes; 0 where the system does not say. */
    long peakMemory() {
        return ProcessMemory.peak(Path.of("/proc", Long.toString(process.pid()), "status"));
    }

    @Override
    public void close() {
        process.destroyForcibly();
        boolean interrupted = false;
        while (process.isAlive()) {
            try {
                process.waitFor();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
