package io.espalier.model.export;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.CacheType;
import de.kherud.llama.args.LogFormat;
import de.kherud.llama.args.Sampler;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** llama.cpp as it is released, on one thread and with keys and values in fp32. */
final class LlamaCpp implements AutoCloseable {
    private final LlamaModel model;

    private LlamaCpp(LlamaModel model) {
        this.model = model;
    }

    /** Why there is no llama.cpp on this machine; empty if there is one. */
    static Optional<String> missing() {
        try {
            LlamaModel.setLogger(LogFormat.TEXT, (level, text) -> {});
            return Optional.empty();
        } catch (LinkageError e) {
            return Optional.of("llama.cpp does not load on this machine: " + e.getMessage());
        }
    }

    static LlamaCpp open(Path gguf) {
        return open(gguf, 64);
    }

    /** @param context in tokens */
    static LlamaCpp open(Path gguf, int context) {
        return new LlamaCpp(new LlamaModel(new ModelParameters()
                .setModel(gguf.toString())
                .setCtxSize(context)
                .setThreads(1)
                .setThreadsBatch(1)
                .setParallel(1)
                .disableLog()
                .skipWarmup()
                .setCacheTypeK(CacheType.F32)
                .setCacheTypeV(CacheType.F32)));
    }

    /** The tokens of a text alone, special tokens in it included. */
    int[] encode(String text) {
        return model.encode(text);
    }

    String decode(int... ids) {
        return model.decode(ids);
    }

    /**
     * The most likely continuation of a prompt.
     *
     * @return the text of each token; fewer than asked for where the text ends
     */
    List<String> continued(String prompt, int tokens) {
        return continued(greedy(prompt, tokens));
    }

    /** The most likely token behind a prompt after a number was added to the logit of one of them. */
    String next(String prompt, int biased, float bias) {
        return String.join("", continued(greedy(prompt, 1).setTokenIdBias(Map.of(biased, bias))));
    }

    private static InferenceParameters greedy(String prompt, int tokens) {
        return new InferenceParameters(prompt)
                .setTemperature(0)
                .setTopK(1)
                .setSamplers(Sampler.TOP_K)
                .setCachePrompt(false)
                .setNPredict(tokens);
    }

    private List<String> continued(InferenceParameters parameters) {
        List<String> pieces = new ArrayList<>();
        model.generate(parameters).forEach(output -> {
            if (!output.text.isEmpty()) {
                pieces.add(output.text);
            }
        });
        return pieces;
    }

    @Override
    public void close() {
        model.close();
    }
}
