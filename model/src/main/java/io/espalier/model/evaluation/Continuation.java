package io.espalier.model.evaluation;

import io.espalier.base.Cancellation;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.text.Tokenizer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.StreamedGeneration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * What a model writes behind a prompt.
 *
 * @param greedy where each token is the most likely one
 * @param drawn where each is drawn from the {@value #TOP} most likely ones, at a temperature of {@value #TEMPERATURE}
 */
public record Continuation(String greedy, String drawn) {
    public static final int TOP = 40;
    public static final double TEMPERATURE = 0.8;

    /** One part in so many of the memory budget is for keys and values. */
    private static final int CACHE_SHARE = 4;

    /**
     * @param tokens that are written at most
     * @param seed of the draws: two models draw with the same random numbers
     */
    public record Length(int tokens, long seed) {}

    /**
     * Continues each prompt, in the memory of one layer.
     *
     * @param budget of the memory; more texts than it holds are continued one after the other
     */
    public static List<Continuation> of(
            Checkpoint checkpoint, List<String> prompts, Length length, MemoryBudget budget, Progress progress) {
        return of(checkpoint, prompts, length, budget, CACHE_SHARE, progress);
    }

    /** @param cacheShare one part in so many of the memory budget is for keys and values */
    static List<Continuation> of(
            Checkpoint checkpoint,
            List<String> prompts,
            Length length,
            MemoryBudget budget,
            long cacheShare,
            Progress progress) {
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            List<Text> texts = new ArrayList<>();
            for (String prompt : prompts) {
                int[] ids = tokenizer.prompt(prompt);
                texts.add(new Text(ids, length.tokens(), Continuation::best));
                texts.add(new Text(ids, length.tokens(), new Draw(new SplittableRandom(length.seed()))));
            }
            int longest = texts.stream()
                    .mapToInt(text -> text.prompt.length + length.tokens())
                    .max()
                    .orElse(0);
            long each = StreamedGeneration.perText(ModelLayout.of(checkpoint), longest);
            int together = (int) Math.max(1, Math.min(texts.size(), budget.bytes() / cacheShare / Math.max(1, each)));
            for (int from = 0; from < texts.size(); from += together) {
                write(checkpoint, tokenizer, texts, from, Math.min(from + together, texts.size()), budget, progress);
            }
            List<Continuation> all = new ArrayList<>();
            for (int i = 0; i < texts.size(); i += 2) {
                all.add(new Continuation(
                        text(tokenizer, texts.get(i).prompt, texts.get(i).written()),
                        text(
                                tokenizer,
                                texts.get(i + 1).prompt,
                                texts.get(i + 1).written())));
            }
            return all;
        }
    }

    /**
     * The most bytes that are held at once.
     *
     * @param tokens of the longest prompt and what is written behind it
     */
    public static long bytes(Footprint footprint, int prompts, int tokens) {
        long each = StreamedGeneration.perText(footprint.layout(), tokens);
        long share = footprint.computation().budget().bytes() / CACHE_SHARE;
        long cached = Math.max(each, Math.min(share, 2L * prompts * each));
        return footprint.streamedExact() + footprint.activations(1, tokens) + cached;
    }

    private static void write(
            Checkpoint checkpoint,
            Tokenizer tokenizer,
            List<Text> texts,
            int from,
            int to,
            MemoryBudget budget,
            Progress progress) {
        OptionalInt end = tokenizer.end();
        int steps = texts.get(from).written.length;
        // As if all steps were one pass, so that it can be counted beside other work.
        int layers = checkpoint.config().layers().size();
        try (StreamedGeneration model = new StreamedGeneration(checkpoint, to - from, budget)) {
            for (int step = 0; step < steps; step++) {
                Cancellation.check();
                List<Integer> open = IntStream.range(from, to)
                        .filter(i -> !texts.get(i).ended)
                        .boxed()
                        .toList();
                if (open.isEmpty()) {
                    return;
                }
                float[][] logits = model.read(
                        open.stream().map(i -> i - from).toList(),
                        open.stream().map(i -> texts.get(i).next()).toList());
                for (int i = 0; i < logits.length; i++) {
                    texts.get(open.get(i)).write(logits[i], end);
                }
                long done = (long) from * steps + (long) (to - from) * (step + 1);
                progress.advanced("layers", layers * done / ((long) texts.size() * steps), layers, done);
            }
        }
    }

    private interface Choice {
        int of(float[] logits);
    }

    /** A text while it is written. */
    private static final class Text {
        private final int[] prompt;
        private final int[] written;
        private final Choice choice;
        private int count;
        private boolean ended;

        Text(int[] prompt, int tokens, Choice choice) {
            this.prompt = prompt;
            this.written = new int[tokens];
            this.choice = choice;
        }

        /** What the model reads next: the prompt, then the token that was written last. */
        int[] next() {
            return count == 0 ? prompt : new int[] {written[count - 1]};
        }

        void write(float[] logits, OptionalInt end) {
            int token = choice.of(logits);
            if (end.isPresent() && token == end.getAsInt()) {
                ended = true;
            } else {
                written[count++] = token;
            }
        }

        int[] written() {
            return Arrays.copyOf(written, count);
        }
    }

    /** Some tokenizers put a blank before a text, which is none between the prompt and what is behind it. */
    private static String text(Tokenizer tokenizer, int[] prompt, int[] written) {
        String before = tokenizer.decode(prompt);
        int[] all =
                IntStream.concat(Arrays.stream(prompt), Arrays.stream(written)).toArray();
        String whole = tokenizer.decode(all);
        return whole.startsWith(before) ? whole.substring(before.length()) : tokenizer.decode(written);
    }

    private static int best(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }

    private record Draw(SplittableRandom random) implements Choice {
        @Override
        public int of(float[] logits) {
            int[] top = top(logits);
            double[] weights = Arrays.stream(top)
                    .mapToDouble(id -> Math.exp((logits[id] - logits[top[0]]) / TEMPERATURE))
                    .toArray();
            double left = random.nextDouble() * Arrays.stream(weights).sum();
            int drawn = 0;
            while (drawn < top.length - 1 && left >= weights[drawn]) {
                left -= weights[drawn++];
            }
            return top[drawn];
        }

        /** The most likely tokens, the likeliest first, of equal ones the one with the smaller id. */
        private static int[] top(float[] logits) {
            Comparator<Integer> likeliestLast =
                    Comparator.comparingDouble((Integer id) -> logits[id]).thenComparing(Comparator.reverseOrder());
            PriorityQueue<Integer> top = new PriorityQueue<>(TOP, likeliestLast);
            for (int id = 0; id < logits.length; id++) {
                if (top.size() < TOP || logits[id] > logits[top.element()]) {
                    top.add(id);
                }
                if (top.size() > TOP) {
                    top.remove();
                }
            }
            return top.stream()
                    .sorted(likeliestLast.reversed())
                    .mapToInt(Integer::intValue)
                    .toArray();
        }
    }
}
