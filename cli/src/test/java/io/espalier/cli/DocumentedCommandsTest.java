package io.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a reader copies out of the documents is a command that this program takes. */
class DocumentedCommandsTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern FENCED = Pattern.compile("```sh\\n(.*?)```", Pattern.DOTALL);
    private static final Pattern COMMAND = Pattern.compile("(?m)^\\./espalier +(?!bench)(.+?)(?: +#.*)?$");
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");

    static List<String> commands() throws IOException {
        List<String> commands = new ArrayList<>();
        for (String folder : List.of("", "docs", "recipes", "deploy")) {
            try (Stream<Path> files = Files.list(ROOT.resolve(folder))) {
                for (Path file :
                        files.filter(file -> file.toString().endsWith(".md")).toList()) {
                    commands.addAll(commands(Files.readString(file)));
                }
            }
        }
        return commands;
    }

    private static List<String> commands(String document) {
        return FENCED.matcher(document)
                .results()
                .flatMap(block ->
                        COMMAND.matcher(block.group(1).replace("\\\n", " ")).results())
                .map(command -> command.group(1))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void isTaken(String command) {
        // Given: an ellipsis stands for what the reader adds
        String[] words = WORD.matcher(command)
                .results()
                .map(DocumentedCommandsTest::word)
                .filter(word -> !word.equals("…"))
                .toArray(String[]::new);
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);

        // When, then
        assertThatCode(() -> Espalier.commandLine(new Console(nowhere, nowhere, false))
                        .parseArgs(words))
                .as(Arrays.toString(words))
                .doesNotThrowAnyException();
    }

    private static String word(MatchResult match) {
        return match.group(1) == null ? match.group(2) : match.group(1);
    }

    @Test
    void areFound() throws IOException {
        assertThat(commands()).hasSizeGreaterThan(25).anyMatch(command -> command.startsWith("demo"));
    }
}
