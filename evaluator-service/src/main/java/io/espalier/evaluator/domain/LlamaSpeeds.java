package io.espalier.evaluator.domain;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.evaluator.llama.LlamaCommand;
import io.espalier.evaluator.llama.LlamaFailure;
import io.espalier.evaluator.llama.LlamaModels;
import io.espalier.evaluator.llama.LlamaRelease;
import io.espalier.evaluator.llama.TemporaryFolder;
import io.espalier.job.Inspection;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.export.GgufExport;
import io.espalier.model.export.GgufType;
import io.espalier.model.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures two checkpoints in stock llama.cpp, as GGUF files that are gone afterwards.
 *
 * @param temporary folder on local disk
 * @param deadline for each answer of llama.cpp
 */
record LlamaSpeeds(LlamaCommand command, Path temporary, Duration deadline, Inspection inspection) {
    private static final Logger LOG = LoggerFactory.getLogger(LlamaSpeeds.class);

    /** Beyond the prompt and what is generated: the tokens that begin a text, and llama.cpp rounds the context itself. */
    private static final int SPARE_CONTEXT = 32;

    /**
     * @param prompt ids, of which the first may be what the job's windows begin with; llama.cpp gets the rest as text
     * @throws LlamaFailure if nothing was measured
     * @throws EspalierException {@code CANCELLED}
     */
    Speeds measure(Checkpoint dense, Checkpoint pruned, int[] prompt) throws LlamaFailure {
        GgufType type = StoredType.of(dense);
        GgufExport first = refusedAsFailure(() -> GgufExport.of(dense, type));
        GgufExport second = refusedAsFailure(() -> GgufExport.of(pruned, type));
        long bytes = first.bytes() + second.bytes();
        long budget = inspection.computation().budget().bytes();
        if (bytes > budget) {
            throw LlamaFailure.failed(String.format(
                    Locale.ROOT,
                    "both models as GGUF files, %,d bytes, exceed espalier.memory.budget, %,d",
                    bytes,
                    budget));
        }
        try (Tokenizer tokenizer = Tokenizer.open(dense);
                TemporaryFolder folder = TemporaryFolder.create(temporary, bytes)) {
            String text = tokenizer.decode(withoutBeginning(prompt));
            int[] ids = tokenizer.encode(text);
            if (ids.length == 0) {
                throw LlamaFailure.failed("the first window holds no text");
            }
            int[] beginning = tokenizer.beginning();
            LlamaModels.Setting setting = new LlamaModels.Setting(
                    inspection.threads(), beginning.length + ids.length + SpeedWork.DECODE_TOKENS + SPARE_CONTEXT);
            Path denseFile = folder.path().resolve("dense.gguf");
            Path prunedFile = folder.path().resolve("pruned.gguf");
            LlamaModels.Comparison speed;
            // The library is tried before the files are written.
            try (LlamaModels models = LlamaModels.start(command, folder.path(), deadline)) {
                write(first, denseFile);
                write(second, prunedFile);
                speed = models.compare(
                        denseFile,
                        prunedFile,
                        setting,
                        text,
                        beginning.length,
                        SpeedWork.DECODE_TOKENS,
                        SpeedWork.REPETITIONS);
            } finally {
                delete(denseFile);
                delete(prunedFile);
            }
            List<String> notes = new ArrayList<>();
            if (speed.promptTokens() != ids.length) {
                notes.add("llama.cpp cuts the prompt into %d tokens, espalier into %d"
                        .formatted(speed.promptTokens(), ids.length));
            }
            notes.add(new LlamaAgreement(command, deadline, setting, inspection)
                    .note(pruned, folder.path().resolve("compared.gguf"), text, concat(beginning, ids)));
            return new Speeds(
                    LlamaRelease.NAME,
                    LlamaRelease.BUILD,
                    type.name().toLowerCase(Locale.ROOT),
                    inspection.threads(),
                    measured(speed.dense()),
                    measured(speed.pruned()),
                    beginning.length + speed.promptTokens(),
                    SpeedWork.DECODE_TOKENS,
                    SpeedWork.REPETITIONS,
                    notes);
        }
    }

    private int[] withoutBeginning(int[] prompt) {
        int[] beginning = inspection.evaluation().beginning();
        boolean begins = prompt.length > beginning.length
                && Arrays.equals(prompt, 0, beginning.length, beginning, 0, beginning.length);
        return begins ? Arrays.copyOfRange(prompt, beginning.length, prompt.length) : prompt;
    }

    private static int[] concat(int[] first, int[] second) {
        int[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    private static Speeds.Measured measured(LlamaModels.Measured measured) {
        return new Speeds.Measured(measured.prefill(), measured.decode(), measured.peakMemory());
    }

    /** Makes room for the next file; what is left is deleted with its folder. */
    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.debug("{} stays for now", file, e);
        }
    }

    static void write(GgufExport export, Path file) throws LlamaFailure {
        refusedAsFailure(() -> {
            export.write(file, Progress.SILENT);
            return file;
        });
    }

    private static <T> T refusedAsFailure(Supplier<T> work) throws LlamaFailure {
        try {
            return work.get();
        } catch (EspalierException e) {
            if (e.code() == ErrorCode.MODEL_UNSUPPORTED) {
                throw LlamaFailure.unusable(String.valueOf(e.getMessage()));
            }
            if (e.code() == ErrorCode.DISK_FULL) {
                throw LlamaFailure.failed("the folder for temporary files is full");
            }
            throw e;
        }
    }
}
