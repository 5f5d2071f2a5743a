package io.espalier.model.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.base.Progress;
import io.espalier.model.DemoModel;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.text.Tokenizer;
import io.espalier.model.text.WikitextPage;
import io.espalier.model.text.WikitextPages;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Held to what lm-evaluation-harness 0.4.13 makes of the same pages: {@code make_expected.py} beside the numbers made them. */
class WikitextTest {
    private static final Path PAGES = Path.of("..", "deploy", "demo", "pages.txt");
    private static final Path EXPECTED = Path.of("src/test/resources/wikitext/expected.json");

    @Test
    void pagesAreThoseOfTheHarness() throws IOException {
        // Given
        JsonNode expected = expected();

        // When
        List<WikitextPage> pages = pages();

        // Then
        assertThat(pages).hasSameSizeAs(expected);
        for (int i = 0; i < pages.size(); i++) {
            assertThat(pages.get(i).text())
                    .isEqualTo(expected.get(i).path("text").asText());
            assertThat(pages.get(i).words())
                    .isEqualTo(expected.get(i).path("words").asLong());
            assertThat(pages.get(i).bytes())
                    .isEqualTo(expected.get(i).path("bytes").asLong());
        }
    }

    @Test
    void windowsAndLikelihoodsAreThoseOfTheHarness() throws IOException {
        // Given
        JsonNode expected = expected();
        try (Checkpoint model = DemoModel.open();
                Tokenizer tokenizer = Tokenizer.open(model)) {
            RollingWindows windows = RollingWindows.of(model, tokenizer, tokenizer.beginning());
            List<List<ScoredSequence>> perPage =
                    pages().stream().map(windows::of).toList();

            // When
            double[] measured = new SequenceLikelihoods(model, MemoryBudget.DEFAULT)
                    .of(perPage.stream().flatMap(List::stream).toList(), Progress.SILENT);

            // Then
            int next = 0;
            for (int page = 0; page < perPage.size(); page++) {
                List<ScoredSequence> sequences = perPage.get(page);
                assertThat(sequences.stream()
                                .map(sequence -> List.of(sequence.ids().length - sequence.scored(), sequence.scored())))
                        .as("context and judged tokens of each window")
                        .isEqualTo(pairs(expected.get(page).path("windows")));
                double sum =
                        Arrays.stream(measured, next, next + sequences.size()).sum();
                assertThat(sum)
                        .isCloseTo(expected.get(page).path("log_likelihood").asDouble(), within(2e-3));
                next += sequences.size();
            }
        }
    }

    private static List<List<Integer>> pairs(JsonNode windows) {
        List<List<Integer>> pairs = new ArrayList<>();
        windows.forEach(
                window -> pairs.add(List.of(window.get(0).asInt(), window.get(1).asInt())));
        return pairs;
    }

    private static List<WikitextPage> pages() {
        List<WikitextPage> pages = new ArrayList<>();
        new WikitextPages("evaluation.texts[0].text", List.of(PAGES), "").forEachWhile(pages::add);
        return pages;
    }

    private static JsonNode expected() throws IOException {
        return new ObjectMapper().readTree(EXPECTED.toFile()).path("pages");
    }
}
