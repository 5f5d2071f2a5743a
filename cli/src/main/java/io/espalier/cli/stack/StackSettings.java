package io.espalier.cli.stack;

import java.nio.file.Path;

/**
 * What a local stack runs on.
 *
 * @param home folder the services were built in
 * @param state where the broker's log, the services' output and the address of the stack lie
 * @param models root of the checkpoints a request may name
 * @param texts root of the texts a request may name
 * @param artifacts root of the checkpoints that are written
 * @param scorers number of scorer processes, at least 1
 * @param forget whether to start with an empty broker log: no topic, no job of an earlier run
 */
public record StackSettings(
        Path home, Path state, Path models, Path texts, Path artifacts, int scorers, boolean forget) {
    Path brokerFolder() {
        return state.resolve("broker");
    }

    /** Scratch space of the services, emptied at every start. */
    public Path temporaryFolder() {
        return state.resolve("tmp");
    }

    /** Where a process of the stack writes its output. */
    public Path log(String process) {
        return state.resolve("logs").resolve(process + ".log");
    }
}
