package io.espalier.cli;

import io.espalier.cli.stack.ServiceProgram;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Continues a prompt with a checkpoint. It needs no broker. */
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        description = {
            "Continues a prompt with a checkpoint, dense or pruned, in stock llama.cpp.",
            "Without a GGUF file one is written in the type of the checkpoint, and deleted afterwards."
        })
final class GenerateCommand implements Callable<Integer> {
    private static final String PROGRAM = "io.espalier.evaluator.generate.GenerateProgram";
    private static final int MAX_TOKENS = 1_000_000;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "CHECKPOINT",
            description = "A checkpoint folder, whose model-*.gguf is taken if it has one, or a GGUF file.")
    private Path checkpoint = Path.of(".");

    @Parameters(index = "1", paramLabel = "PROMPT", description = "The text to continue.")
    private String prompt = "";

    @Option(
            names = "--tokens",
            paramLabel = "N",
            defaultValue = "128",
            description = "Tokens to generate at most. Default: ${DEFAULT-VALUE}.")
    private int tokens = 128;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            defaultValue = "0",
            description = "0 (default) takes the most likely token each time; above it, a random one.")
    private float temperature;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Random tokens follow from it. Default: ${DEFAULT-VALUE}.")
    private int seed;

    @Option(
            names = "--models",
            paramLabel = "DIR",
            description = "Folder that every link of the checkpoint must lead into, such as a model cache."
                    + " Default: the checkpoint's own.")
    private @Nullable Path models;

    @Override
    public Integer call() throws Exception {
        if (tokens < 1 || tokens > MAX_TOKENS) {
            throw refused("--tokens is %d; it must be between 1 and %d".formatted(tokens, MAX_TOKENS));
        }
        if (!(temperature >= 0 && temperature <= 100)) {
            throw refused("--temperature is %s; it must be between 0 and 100".formatted(temperature));
        }
        Path model = checkpoint.toAbsolutePath().normalize();
        Path root = models == null ? model : models.toAbsolutePath().normalize();
        return ServiceProgram.run(
                Homes.program(),
                "evaluator",
                PROGRAM,
                List.of(
                        root.toString(),
                        model.toString(),
                        prompt,
                        Integer.toString(tokens),
                        Float.toString(temperature),
                        Integer.toString(seed)));
    }

    private ParameterException refused(String why) {
        return new ParameterException(Objects.requireNonNull(spec).commandLine(), why);
    }
}
