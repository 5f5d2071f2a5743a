package io.espalier.pipeline.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.EspalierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenFileTest {
    /** printf %s letmein | sha256sum */
    private static final String LETMEIN = "1c8bfe8f801d79745c4631d09fff36c82aa37fc4cce4fc946683d7b336b63032";
    /** printf %s secret | sha256sum */
    private static final String SECRET = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    @TempDir
    Path folder;

    @Test
    void aTokenBelongsToTheNameAndTheRolesOfItsLine() throws IOException {
        // Given
        TokenFile tokens = new TokenFile(
                written("# who may what\n\nalice viewer,operator " + LETMEIN + "\nbob\tviewer " + SECRET + "\n"));

        // When
        var holder = tokens.holder("letmein");

        // Then
        assertThat(holder).contains(new TokenFile.Holder("alice", Set.of("viewer", "operator")));
        assertThat(tokens.holder("secret")).contains(new TokenFile.Holder("bob", Set.of("viewer")));
    }

    @Test
    void neitherAnotherTokenNorTheDigestItselfBelongsToAnybody() throws IOException {
        // Given
        TokenFile tokens = new TokenFile(written("alice viewer " + LETMEIN + "\n"));

        // When, then
        assertThat(tokens.holder("letmeout")).isEmpty();
        assertThat(tokens.holder("")).isEmpty();
        assertThat(tokens.holder(LETMEIN)).isEmpty();
    }

    @Test
    void aChangedFileIsReadAgain() throws IOException {
        // Given
        TokenFile tokens = new TokenFile(written("alice viewer " + LETMEIN + "\n"));

        // When
        written("bob viewer,submitter " + SECRET + "\n");

        // Then
        assertThat(tokens.holder("letmein")).isEmpty();
        assertThat(tokens.holder("secret")).isPresent();
    }

    @Test
    void theLastTokensStayValidWhileTheFileCannotBeUsed() throws IOException {
        // Given
        TokenFile tokens = new TokenFile(written("alice viewer " + LETMEIN + "\n"));

        // When
        written("half a li");

        // Then
        assertThat(tokens.holder("letmein")).isPresent();
        Files.delete(folder.resolve("tokens"));
        assertThat(tokens.holder("letmein")).isPresent();
    }

    @Test
    void aLineWithTheTokenInsteadOfItsDigestIsRefusedWithoutRepeatingIt() throws IOException {
        // Given
        Path file = written("alice viewer " + LETMEIN + "\nbob viewer letmein\n");

        // When, then
        assertThatThrownBy(() -> new TokenFile(file))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("line 2")
                .hasMessageContaining("sha256sum")
                .hasMessageNotContaining("letmein");
    }

    @Test
    void aRoleThatDoesNotExistIsRefused() throws IOException {
        // Given
        Path file = written("alice admin " + LETMEIN + "\n");

        // When, then
        assertThatThrownBy(() -> new TokenFile(file))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("viewer, submitter and operator");
    }

    @Test
    void aMissingFileIsNamed() {
        assertThatThrownBy(() -> new TokenFile(folder.resolve("tokens")))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("espalier.auth.tokens-file");
    }

    private Path written(String lines) throws IOException {
        return Files.writeString(folder.resolve("tokens"), lines);
    }
}
