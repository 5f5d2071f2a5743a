package io.espalier.model.export;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.text.Tokenizer;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.ResidentModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The most likely continuations of prompts by llama.cpp and by our own decode.
 *
 * @param architecture that the file has
 * @param compared tokens that were compared
 * @param differences where llama.cpp chose another token; the texts after it are not compared
 */
record Continuations(String architecture, int compared, List<Difference> differences) {
    /**
     * @param margin by how much the logit of our token exceeds that of llama.cpp's
     * @param spread the standard deviation of the logits
     */
    record Difference(String where, double margin, double spread) {}

    static Continuations of(Path folder, GgufType type, Path file, int tokens, String... prompts) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            GgufExport export = GgufExport.of(checkpoint, type);
            export.write(file, Progress.SILENT);
            int compared = 0;
            List<Difference> differences = new ArrayList<>();
            try (LlamaCpp llama = LlamaCpp.open(file);
                    Tokenizer tokenizer = Tokenizer.open(checkpoint);
                    ResidentModel model = ResidentModel.load(checkpoint)) {
                for (String prompt : prompts) {
                    int[] ids = IntStream.concat(
                                    IntStream.of(tokenizer.beginning()), IntStream.of(tokenizer.encode(prompt)))
                            .toArray();
                    int[] ours =
                            continued(model, ids, tokens, checkpoint.config().eosTokenId());
                    List<String> theirs = llama.continued(prompt, tokens);
                    int same = same(ours, theirs, llama);
                    compared += same;
                    if (same < Math.max(ours.length, theirs.size())) {
                        differences.add(difference(checkpoint, llama, ids, ours, theirs, same));
                    }
                }
            }
            return new Continuations(export.architecture(), compared, differences);
        }
    }

    private static int[] continued(ResidentModel model, int[] prompt, int tokens, Integer end) {
        int[] ids = new int[tokens];
        try (ResidentModel.Generation text = model.begin()) {
            int next = text.read(prompt);
            for (int i = 0; i < tokens; i++) {
                if (end != null && next == end) {
                    return Arrays.copyOf(ids, i);
                }
                ids[i] = next;
                next = i + 1 < tokens ? text.read(next) : next;
            }
        }
        return ids;
    }

    /** How many tokens are the same from the beginning on. */
    private static int same(int[] ours, List<String> theirs, LlamaCpp llama) {
        int same = 0;
        while (same < ours.length
                && same < theirs.size()
                && llama.decode(ours[same]).equals(theirs.get(same))) {
            same++;
        }
        return same;
    }

    private static Difference difference(
            Checkpoint checkpoint, LlamaCpp llama, int[] prompt, int[] ours, List<String> theirs, int at) {
        int[] text = IntStream.concat(IntStream.of(prompt), IntStream.of(ours).limit(at))
                .toArray();
        float[] logits = lastLogits(checkpoint, text);
        int end = checkpoint.config().eosTokenId();
        int our = at < ours.length ? ours[at] : end;
        int their = at < theirs.size() ? id(theirs.get(at), logits.length, llama) : end;
        double mean = IntStream.range(0, logits.length)
                .mapToDouble(i -> logits[i])
                .average()
                .orElse(0);
        double variance = IntStream.range(0, logits.length)
                .mapToDouble(i -> (logits[i] - mean) * (logits[i] - mean))
                .average()
                .orElse(0);
        return new Difference(
                "token %d: %d and %d".formatted(at, our, their), logits[our] - logits[their], Math.sqrt(variance));
    }

    private static int id(String piece, int vocabulary, LlamaCpp llama) {
        return IntStream.range(0, vocabulary)
                .filter(id -> llama.decode(id).equals(piece))
                .findFirst()
                .orElseThrow();
    }

    /** The logits of what follows a text of at least two tokens, by our own code. */
    static float[] lastLogits(Checkpoint checkpoint, int[] text) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        try (LayerStream stream = LayerStream.embed(checkpoint, layout, new int[][] {text}, MemoryBudget.DEFAULT);
                Scope scope = Scope.open()) {
            for (LayerLayout layer : layout.layers()) {
                try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                    stream.through(new DecoderLayer(layer, weights));
                }
            }
            float[] all = new LanguageHead(checkpoint, layout)
                    .logits(stream, scope)
                    .get(0)
                    .floats();
            return Arrays.copyOfRange(all, all.length - layout.vocabulary(), all.length);
        }
    }
}
