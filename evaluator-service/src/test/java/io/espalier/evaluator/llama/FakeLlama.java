package io.espalier.evaluator.llama;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;

/** Stands for {@link LlamaProgram}: a process with scripted answers. */
public final class FakeLlama {
    private FakeLlama() {}

    /**
     * A process that answers commands in turn.
     *
     * @param answers the first one before any command; {@code hang} never comes, {@code die} ends the process as a native library
     *     would
     */
    public static LlamaCommand answering(String... answers) {
        return temporary -> {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    FakeLlama.class.getName()));
            command.addAll(List.of(answers));
            return command;
        };
    }

    public static void main(String[] answers) throws InterruptedException {
        Scanner commands = new Scanner(System.in, StandardCharsets.UTF_8);
        for (int i = 0; i < answers.length; i++) {
            if (i > 0) {
                commands.nextLine();
            }
            if (answers[i].equals("hang")) {
                Thread.sleep(600_000);
            }
            if (answers[i].equals("die")) {
                System.err.println("GGML_ASSERT(n_layer > 0) failed");
                Runtime.getRuntime().halt(134);
            }
            System.out.println("llama.cpp says something of its own");
            System.out.println(LlamaProgram.ANSWER + answers[i]);
        }
    }
}
