package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.job.service.JobConfig;
import io.espalier.pipeline.service.EspalierConfig;
import io.smallrye.config.WithName;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DocumentsTest {
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:)([^)#]+)");

    @Test
    void everyErrorCodeHasItsRowWithARemedy() {
        // When
        List<String> rows = Repository.text(Repository.ROOT.resolve("docs/failures.md"))
                .lines()
                .filter(line -> line.matches("\\| `[A-Z_]+` \\|.*"))
                .toList();

        // Then
        assertThat(rows)
                .extracting(row -> row.substring(3, row.indexOf('`', 3)))
                .containsExactly(Stream.of(ErrorCode.values()).map(Enum::name).toArray(String[]::new));
        assertThat(rows)
                .filteredOn(row -> !row.startsWith("| `CANCELLED`"))
                .allSatisfy(row -> assertThat(row.split("\\|", -1)[3]).isNotBlank());
    }

    @Test
    void everyConfigurationKeyIsFoundInTheSource() {
        // Given
        List<String> declared = Stream.of(JobConfig.class, EspalierConfig.class)
                .flatMap(config -> Stream.of(config.getDeclaredMethods()))
                .map(DocumentsTest::name)
                .filter(name -> !name.isEmpty())
                .toList();

        // When
        List<ConfigurationKeys.Key> keys = ConfigurationKeys.all();

        // Then
        assertThat(keys).extracting(ConfigurationKeys.Key::name).containsExactlyInAnyOrderElementsOf(declared);
        assertThat(keys).allSatisfy(key -> assertThat(key.meaning()).isNotBlank());
    }

    static List<String> pages() throws IOException {
        try (Stream<Path> folders = Files.walk(Repository.ROOT, 1)) {
            return folders.filter(folder -> folder.equals(Repository.ROOT)
                            || Files.exists(folder.resolve("pom.xml"))
                            || Set.of("docs", "recipes")
                                    .contains(folder.getFileName().toString()))
                    .flatMap(folder ->
                            Stream.of(Objects.requireNonNull(folder.toFile().listFiles())))
                    .map(file -> Repository.ROOT.relativize(file.toPath()).toString())
                    .filter(name -> name.endsWith(".md"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("pages")
    void everyLinkLeadsToAFile(String page) {
        // Given
        Path file = Repository.ROOT.resolve(page);

        // When
        List<Path> targets = LINK.matcher(Repository.text(file))
                .results()
                .map(link -> file.resolveSibling(link.group(1)))
                .toList();

        // Then
        assertThat(targets).allMatch(Files::exists);
    }

    private static String name(Method method) {
        WithName name = method.getAnnotation(WithName.class);
        return name == null ? "" : name.value();
    }
}
