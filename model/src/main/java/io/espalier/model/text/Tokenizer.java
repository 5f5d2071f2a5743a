package io.espalier.model.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** Converts text to token ids and back with the checkpoint's {@code tokenizer.json}. It adds no special tokens. */
public final class Tokenizer implements AutoCloseable {
    public static final String FILE = "tokenizer.json";
    private static final long MAX_BYTES = 200_000_000;
    private static final Map<String, String> AS_IS =
            Map.of("addSpecialTokens", "false", "truncation", "do_not_truncate", "padding", "do_not_pad");

    private final HuggingFaceTokenizer tokenizer;

    private Tokenizer(HuggingFaceTokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** @throws EspalierException {@code MODEL_CORRUPT} when tokenizer.json is missing or cannot be used */
    public static Tokenizer open(Checkpoint checkpoint) {
        return open(checkpoint.file(FILE));
    }

    static Tokenizer open(Path tokenizerJson) {
        try {
            if (Files.size(tokenizerJson) > MAX_BYTES) {
                throw new EspalierException(ErrorCode.MODEL_CORRUPT, FILE + ": larger than " + MAX_BYTES + " bytes");
            }
            try (InputStream json = Files.newInputStream(tokenizerJson)) {
                return new Tokenizer(HuggingFaceTokenizer.newInstance(json, AS_IS));
            }
        } catch (EspalierException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT, FILE + ": missing or no Hugging Face tokenizer; restore the file", e);
        }
    }

    public int[] encode(String text) {
        return Arrays.stream(tokenizer.encode(text).getIds())
                .mapToInt(Math::toIntExact)
                .toArray();
    }

    /** The text of token ids, special tokens included. */
    public String decode(int[] ids) {
        return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), false);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
