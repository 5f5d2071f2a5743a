package io.espalier.evaluator.llama;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.CacheType;
import de.kherud.llama.args.LogFormat;
import de.kherud.llama.args.Sampler;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Runs one model in llama.cpp for another process. It reads a command from each line of its input and answers with one line, which
 * begins with {@link #ANSWER} since the library may print lines of its own. It ends when its input does, also while the
 * library computes: then the process that asked is gone.
 *
 * <ul>
 *   <li>before any command: {@code ready}, or {@code missing REASON} where the library does not load
 *   <li>{@code load CACHE THREADS CONTEXT FILE}, with F16 or F32 for cached keys and values: {@code loaded}
 *   <li>{@code prompt BASE64}, UTF-8 text for the commands below: {@code tokens N}, without one that begins a text
 *   <li>{@code time N}: {@code nanos PREFILL DECODE}, for the prompt and for N tokens behind it
 *   <li>{@code compare ID,ID…}: {@code same N ENDED}, how many of these tokens are the most likely ones behind the prompt, and
 *       whether the text ended there
 * </ul>
 */
public final class LlamaProgram {
    static final String ANSWER = "> ";

    private static final String ANY_TEXT = "a";

    private @Nullable LlamaModel model;
    private String prompt = "";

    private LlamaProgram() {}

    public static void main(String[] arguments) throws InterruptedException {
        try {
            LlamaModel.setLogger(LogFormat.TEXT, (level, text) -> {});
        } catch (LinkageError e) {
            answer("missing " + line(e));
            return;
        }
        answer("ready");
        BlockingQueue<String> commands = new LinkedBlockingQueue<>();
        Thread input = new Thread(() -> read(commands), "input");
        input.setDaemon(true);
        input.start();
        LlamaProgram program = new LlamaProgram();
        while (true) {
            try {
                answer(program.run(commands.take().split(" ", 5)));
            } catch (RuntimeException e) {
                answer("failed " + line(e));
            }
        }
    }

    private static void read(BlockingQueue<String> commands) {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                commands.add(line);
            }
        } catch (IOException e) {
            // As if it had ended.
        }
        Runtime.getRuntime().halt(0);
    }

    private static void answer(String answer) {
        System.out.println(ANSWER + answer);
        System.out.flush();
    }

    private static String line(Throwable e) {
        return String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
    }

    private String run(String[] command) {
        return switch (command[0]) {
            case "load" -> load(CacheType.valueOf(command[1]), number(command[2]), number(command[3]), command[4]);
            case "prompt" -> prompt(new String(Base64.getDecoder().decode(command[1]), StandardCharsets.UTF_8));
            case "time" -> time(number(command[1]));
            case "compare" ->
                compare(Arrays.stream(command[1].split(","))
                        .mapToInt(LlamaProgram::number)
                        .toArray());
            default -> throw new IllegalArgumentException("no command " + command[0]);
        };
    }

    private static int number(String text) {
        return Integer.parseInt(text);
    }

    private String load(CacheType cache, int threads, int context, String file) {
        model = new LlamaModel(new ModelParameters()
                .setModel(file)
                .setCtxSize(context)
                .setThreads(threads)
                .setThreadsBatch(threads)
                .setParallel(1)
                .setGpuLayers(0)
                .disableLog()
                .setCacheTypeK(cache)
                .setCacheTypeV(cache));
        return "loaded";
    }

    private String prompt(String text) {
        prompt = text;
        return "tokens " + loaded().encode(text).length;
    }

    /**
     * A request that caches nothing empties the cache, so that the next one computes the whole prompt. The one after it finds all
     * but the prompt's last token in the cache, which it computes again for its logits: N tokens are N passes of one token each.
     */
    private String time(int tokens) {
        loaded().complete(greedy(1).setPrompt(ANY_TEXT).setCachePrompt(false));
        long start = System.nanoTime();
        loaded().complete(greedy(1).setCachePrompt(true));
        long read = System.nanoTime();
        loaded().complete(greedy(tokens).setCachePrompt(true).setIgnoreEos(true));
        long written = System.nanoTime();
        return "nanos %d %d".formatted(read - start, written - read);
    }

    /** Texts are compared, not tokens: the library gives out text, and withholds it while a character is incomplete. */
    private String compare(int[] ids) {
        String text = loaded().complete(greedy(ids.length).setCachePrompt(false));
        int same = ids.length;
        String ours = loaded().decode(ids);
        while (!text.startsWith(ours)) {
            same--;
            ours = loaded().decode(Arrays.copyOf(ids, same));
        }
        return "same %d %b".formatted(same, same < ids.length && ours.equals(text));
    }

    private InferenceParameters greedy(int tokens) {
        return new InferenceParameters(prompt)
                .setTemperature(0)
                .setTopK(1)
                .setSamplers(Sampler.TOP_K)
                .setNPredict(tokens);
    }

    private LlamaModel loaded() {
        if (model == null) {
            throw new IllegalStateException("no model is loaded");
        }
        return model;
    }
}
