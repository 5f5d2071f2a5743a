package io.espalier.model.export;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/** Parts of a tokenizer.json that several kinds of tokenizers have. */
final class TokenizerSteps {
    private TokenizerSteps() {}

    /** Two tokens that become one. */
    record Merge(String left, String right) {}

    /**
     * The steps of a normalizer or pre-tokenizer, in their order.
     *
     * @param names under which a sequence has its steps
     */
    static List<JsonNode> of(JsonNode step, String names) {
        if (step.isMissingNode() || step.isNull()) {
            return List.of();
        }
        if (!step.path("type").asText().equals("Sequence")) {
            return List.of(step);
        }
        List<JsonNode> steps = new ArrayList<>();
        step.path(names).forEach(inner -> steps.addAll(of(inner, names)));
        return steps;
    }

    /** Merges are written as two words in one text or as a list of two texts. */
    static List<Merge> merges(JsonNode merges) {
        List<Merge> all = new ArrayList<>();
        for (JsonNode merge : merges) {
            boolean list = merge.isArray();
            String[] two = list ? new String[merge.size()] : merge.asText().split(" ", -1);
            for (int i = 0; list && i < two.length; i++) {
                two[i] = merge.path(i).asText();
            }
            if (two.length != 2) {
                throw new EspalierException(
                        ErrorCode.MODEL_CORRUPT,
                        "%s: /model/merges/%d is not two tokens; restore the file"
                                .formatted(Tokenizer.FILE, all.size()));
            }
            all.add(new Merge(two[0], two[1]));
        }
        return all;
    }
}
