package io.espalier.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.EspalierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WikitextPagesTest {
    @TempDir
    Path folder;

    @Test
    void aPageBeginsWithItsTitleAndNotWithThatOfASection() throws IOException {
        // Given
        Path text = written(" \n = One = \n \n first\n = = Section = = \n more\n = Two = \n second");

        // When
        List<String> pages = pages(text);

        // Then
        assertThat(pages).containsExactly(" = One = \n \n first\n = = Section = = \n more", " = Two = \n second");
    }

    @Test
    void rowsOfJsonArePagesToo() throws IOException {
        // Given
        Path text = written("{\"page\": \" = One = \\n first\\n\"}\n{\"page\": \" = Two = \\n second\"}\n");

        // When
        List<String> pages = pages(text);

        // Then
        assertThat(pages).containsExactly(" = One = \n first\n", " = Two = \n second");
    }

    @Test
    void rowsThatAreLinesOfPagesAreRefused() throws IOException {
        // Given
        Path text = written("{\"text\": \" = One = \\n\"}\n{\"text\": \" first \\n\"}\n");

        // When/Then
        assertThatThrownBy(() -> pages(text))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("has none of the columns page");
    }

    /** A page may be a number in the rows of other texts, which is no text to calibrate on. */
    @Test
    void aColumnPageIsTakenForPagesAlone() throws IOException {
        // Given
        Path text = written("{\"page\": \"12\", \"body\": \"Once upon a time\"}\n");

        // When/Then
        assertThatThrownBy(() -> new TextFiles("calibration.text", List.of(text), "", Conversations.NONE)
                        .open()
                        .next())
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("has none of the columns text, content, instruction");
    }

    @Test
    void linesMayEndAsOnAnySystem() throws IOException {
        // Given
        Path text = written("= One =\r\nfirst\rline\r\n\r\n= Two =\r\nsecond");

        // When
        List<String> pages = pages(text);

        // Then
        assertThat(pages).containsExactly("= One =\nfirst\nline\n", "= Two =\nsecond");
    }

    @Test
    void noMorePagesAreReadThanWanted() throws IOException {
        // Given
        Path text = written("= One =\n= Two =\n= Three =\n");
        List<String> read = new ArrayList<>();

        // When
        new WikitextPages("evaluation.texts[0].text", List.of(text), "").forEachWhile(page -> {
            read.add(page.raw());
            return read.size() < 2;
        });

        // Then
        assertThat(read).containsExactly("= One =", "= Two =");
    }

    @Test
    void aTextWithoutAnEndOfItsPageIsRefused() throws IOException {
        // Given
        Path text = written("no title here ".repeat(1_000_000));

        // When/Then
        assertThatThrownBy(() -> pages(text))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("evaluation.texts[0].text")
                .hasMessageContaining("= Title =");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "12 @,@ 400 @-@ odd | 12,400-odd",
                "see ( this ) and [ that ] | see (this) and [that]",
                "he said \" yes \" twice | he said \"yes\" twice",
                "open ( without an end | open ( without an end",
                "a 'b | a 'b",
                "the dogs ' bowl 's | the dogs'bowl's",
                "N of N here | N of 1 here",
                "/' 7/ | /'[0-9]/"
            })
    void blanksAroundSignsGo(String raw, String text) {
        // When
        String prose = new WikitextPage(raw).text();

        // Then
        assertThat(prose).isEqualTo(text);
    }

    private static List<String> pages(Path text) {
        List<String> pages = new ArrayList<>();
        new WikitextPages("evaluation.texts[0].text", List.of(text), "").forEachWhile(page -> pages.add(page.raw()));
        return pages;
    }

    private Path written(String text) throws IOException {
        return Files.writeString(folder.resolve("pages.txt"), text);
    }
}
