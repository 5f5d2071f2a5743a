package io.espalier.cli.stack;

import java.nio.file.Path;

/**
 * The settings of a local stack.
 *
 * @param home folder in which the services were built
 * @param state folder of the broker's log, the services' output and the address of the stack
 * @param models root folder of the checkpoints that a request may name
 * @param texts root folder of the texts that a request may name
 * @param artifacts root folder of the checkpoints that jobs write
 * @param scorers number of scorer processes, at least 1
 * @param once whether the stack is for one short run alone: the broker starts empty, without the topics and jobs of earlier runs,
 *     and the services' JVMs rather start quickly than compile well
 */
public record StackSettings(Path home, Path state, Path models, Path texts, Path artifacts, int scorers, boolean once) {
    Path brokerFolder() {
        return state.resolve("broker");
    }

    /** The services' folder for temporary files. Every start of the stack empties it. */
    public Path temporaryFolder() {
        return state.resolve("tmp");
    }

    /** The file to which a process of the stack writes its output. */
    public Path log(String process) {
        return state.resolve("logs").resolve(process + ".log");
    }
}
