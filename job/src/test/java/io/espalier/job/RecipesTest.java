package io.espalier.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.pipeline.request.RequestJson;
import io.espalier.v1.PruneRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RecipesTest {
    private static final Path FOLDER = Path.of("..", "recipes");

    static List<Path> recipes() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.filter(file -> file.toString().endsWith(".yaml"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void aRecipeIsARequestWithoutItsModelAndTexts(Path recipe) throws IOException {
        // Given
        PruneRequest.Builder request = RequestJson.fromYaml(Files.readString(recipe)).toBuilder();
        assertThat(request.getModel()).isEmpty();
        assertThat(request.getCalibration().getText()).isEmpty();
        request.setModel("model").getCalibrationBuilder().setText("text");

        // When
        JobSpec spec = RequestMapper.toSpec("job", request.build());

        // Then
        assertThat(spec.pruning().target().outputs()).isNotEmpty();
    }

    @Test
    void everyRecipeIsTold() throws IOException {
        String told = Files.readString(FOLDER.resolve("README.md"));

        assertThat(recipes()).hasSizeGreaterThan(5).allSatisfy(recipe -> assertThat(told)
                .contains("](" + recipe.getFileName() + ")"));
    }
}
