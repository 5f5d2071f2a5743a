package io.espalier.cli.stack;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How a JVM that computes is started, be it a service or a measurement. */
public final class EngineJvm {
    /** Native libraries are loaded by name, and Netty uses Unsafe: later JDKs warn unless told that this is meant. */
    private static final int FIRST_JDK_THAT_WARNS = 24;

    private EngineJvm() {}

    /** The beginning of a command line: this JVM's java and its options. */
    public static List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // Only the optimising compiler, which must not be switched off, has the processor's SHA-256.
        command.add("-XX:+UseSerialGC");
        command.add("-Dai.djl.offline=true");
        command.add("-Dai.djl.pytorch.num_interop_threads=1");
        if (Runtime.version().feature() >= FIRST_JDK_THAT_WARNS) {
            command.add("--enable-native-access=ALL-UNNAMED");
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        return command;
    }
}
