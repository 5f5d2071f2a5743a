package io.espalier.cli;

import io.espalier.cli.stack.ServiceProgram;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a checkpoint for another runtime. It needs no broker. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        description = {
            "Writes a checkpoint for another runtime.",
            "gguf: one file for llama.cpp. transformers: a copy that stock transformers loads, for checkpoints of earlier versions.",
            "padded: every layer filled up with zeros to one shape, for runtimes that take no other.",
            "deci: for vLLM's DeciLMForCausalLM, a LLaMA whose layers differ in FFN widths and KV heads."
        })
final class ExportCommand implements Callable<Integer> {
    private static final String PROGRAM = "io.espalier.pruner.export.ExportProgram";

    enum Target {
        GGUF,
        TRANSFORMERS,
        PADDED,
        DECI
    }

    enum Type {
        F32,
        F16,
        BF16,
        Q8_0
    }

    @Parameters(paramLabel = "CHECKPOINT", description = "A checkpoint folder, dense or pruned.")
    private Path checkpoint = Path.of(".");

    @Option(names = "--to", paramLabel = "WHAT", required = true, description = "gguf, transformers, padded or deci.")
    private Target to = Target.GGUF;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            defaultValue = "F16",
            description = "Of the weights in a GGUF file: f32, f16 (default), bf16, q8_0.")
    private Type type = Type.F16;

    @Option(names = "--output", paramLabel = "PATH", required = true, description = "File or folder to create.")
    private Path output = Path.of(".");

    @Option(
            names = "--models",
            paramLabel = "DIR",
            description = "Folder that every link of the checkpoint must lead into, such as a model cache."
                    + " Default: the checkpoint's own.")
    private @Nullable Path models;

    @Override
    public Integer call() throws Exception {
        Path folder = checkpoint.toAbsolutePath().normalize();
        Path root = models == null ? folder : models.toAbsolutePath().normalize();
        return ServiceProgram.run(
                Homes.program(),
                "pruner",
                PROGRAM,
                List.of(
                        root.toString(),
                        folder.toString(),
                        to == Target.GGUF ? type.name() : to.name().toLowerCase(Locale.ROOT),
                        output.toAbsolutePath().normalize().toString()));
    }
}
