package io.espalier.evaluator.generate;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.LlamaOutput;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.LogFormat;
import de.kherud.llama.args.Sampler;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.evaluator.domain.StoredType;
import io.espalier.evaluator.llama.LlamaFailure;
import io.espalier.evaluator.llama.TemporaryFolder;
import io.espalier.model.artifact.ModelRoot;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.export.GgufExport;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Continues a prompt with a model, in llama.cpp. A process of its own, started by {@code espalier generate}. */
public final class GenerateProgram {
    private static final int REFUSED = 2;

    /** Tokens of context beyond the bytes of the prompt, which has no more tokens than bytes, and what is generated. */
    private static final int SPARE_CONTEXT = 64;

    private GenerateProgram() {}

    /** @param seed of the random choices, unless the temperature is 0 */
    record Choice(int tokens, float temperature, int seed) {}

    /** Arguments: root of the models, checkpoint folder or GGUF file, prompt, tokens, temperature and seed. */
    public static void main(String[] arguments) {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        // The library says there where it was unpacked.
        System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        Choice choice = new Choice(
                Integer.parseInt(arguments[3]), Float.parseFloat(arguments[4]), Integer.parseInt(arguments[5]));
        try {
            run(Path.of(arguments[0]), Path.of(arguments[1]), arguments[2], choice, out);
            // Native libraries leave threads behind that keep the process.
            System.exit(0);
        } catch (EspalierException e) {
            fail(e.code() + ": " + e.getMessage());
        } catch (LlamaFailure e) {
            fail(e.reason());
        }
    }

    private static void fail(String reason) {
        System.err.println("espalier: " + reason);
        System.exit(REFUSED);
    }

    static void run(Path root, Path model, String prompt, Choice choice, PrintStream out) throws LlamaFailure {
        try {
            LlamaModel.setLogger(LogFormat.TEXT, (level, text) -> {});
        } catch (LinkageError e) {
            throw LlamaFailure.unusable("llama.cpp does not load on this machine: " + e.getMessage());
        }
        Optional<Path> file = gguf(model);
        if (file.isPresent()) {
            generate(file.get(), prompt, choice, out);
        } else {
            generateFromCheckpoint(root, model, prompt, choice, out);
        }
    }

    /** The file itself, or the one that lies in an artifact. */
    private static Optional<Path> gguf(Path model) throws LlamaFailure {
        if (Files.isRegularFile(model)) {
            return Optional.of(model);
        }
        try (Stream<Path> files = Files.list(model)) {
            return files.filter(file -> file.getFileName().toString().matches("model-[a-z0-9_]+\\.gguf"))
                    .sorted()
                    .findFirst();
        } catch (IOException e) {
            throw LlamaFailure.failed("%s: neither a folder nor a file that can be read".formatted(model));
        }
    }

    private static void generateFromCheckpoint(Path root, Path model, String prompt, Choice choice, PrintStream out)
            throws LlamaFailure {
        try (Checkpoint checkpoint = Checkpoint.open(new ModelRoot(root).resolve(model.toString()), root)) {
            GgufExport export = GgufExport.of(checkpoint, StoredType.of(checkpoint));
            try (TemporaryFolder folder = TemporaryFolder.create(TemporaryFolder.usualRoot(), export.bytes())) {
                // For an interrupt.
                Runtime.getRuntime().addShutdownHook(new Thread(folder::close));
                Path file = folder.path().resolve("model.gguf");
                export.write(file, Progress.SILENT);
                generate(file, prompt, choice, out);
            }
        }
    }

    private static void generate(Path file, String prompt, Choice choice, PrintStream out) throws LlamaFailure {
        int context = prompt.getBytes(StandardCharsets.UTF_8).length + choice.tokens() + SPARE_CONTEXT;
        try (LlamaModel model = new LlamaModel(new ModelParameters()
                .setModel(file.toString())
                .setCtxSize(context)
                .setParallel(1)
                .disableLog())) {
            InferenceParameters parameters = new InferenceParameters(prompt)
                    .setNPredict(choice.tokens())
                    .setSeed(choice.seed())
                    .setTemperature(choice.temperature());
            if (choice.temperature() == 0) {
                parameters.setTopK(1).setSamplers(Sampler.TOP_K);
            }
            out.print(prompt);
            for (LlamaOutput piece : model.generate(parameters)) {
                out.print(piece.text);
                out.flush();
            }
            out.println();
        } catch (RuntimeException e) {
            // The library's own kind cannot be named outside it.
            throw LlamaFailure.failed("llama.cpp: " + e.getMessage());
        }
    }
}
