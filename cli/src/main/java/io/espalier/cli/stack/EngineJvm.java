package io.espalier.cli.stack;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line of a JVM that runs the tensor engine, for a service or for a benchmark. */
public final class EngineJvm {
    /** From this JDK on, Java warns about native libraries and Netty's use of Unsafe unless options allow them. */
    private static final int FIRST_JDK_THAT_WARNS = 24;

    private EngineJvm() {}

    /** The start of the command line: the java executable of this JVM, and options. */
    public static List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // C2 must stay enabled: only C2 compiles SHA-256 to the processor's SHA instructions.
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
