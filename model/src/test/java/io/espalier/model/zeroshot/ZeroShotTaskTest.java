package io.espalier.model.zeroshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ZeroShotTaskTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    void asksWhatTheHarnessAsks(ZeroShotTask task) {
        // Given
        List<JsonNode> documents = GoldenTasks.documents(task);

        // When
        List<Question> questions = GoldenTasks.questions(task);

        // Then
        assertThat(questions).hasSameSizeAs(documents);
        for (int i = 0; i < documents.size(); i++) {
            JsonNode document = documents.get(i);
            Question question = questions.get(i);
            // Of WinoGrande's contexts, one for each option, the harness logs the first, and no index of the right one.
            assertThat(question.choices().get(0).context())
                    .isEqualTo(document.path("context").textValue());
            assertThat(question.choices().stream().map(Choice::continuation).toList())
                    .isEqualTo(GoldenTasks.texts(document.path("continuations")));
            if (document.path("target").isInt()) {
                assertThat(question.right()).isEqualTo(document.path("target").intValue());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void asksTheSameOfParquet(ZeroShotTask task) {
        // Given
        Path parquet = Path.of("src/test/resources/parquet/tasks", task.label() + ".parquet");

        // When
        List<Question> questions = QuestionFile.read(task, "tasks", parquet, Integer.MAX_VALUE);

        // Then
        assertThat(questions).isEqualTo(GoldenTasks.questions(task));
    }

    @ParameterizedTest
    @EnumSource
    void answersAsTheHarnessSaysTheModelDoes(ZeroShotTask task) {
        List<JsonNode> documents = GoldenTasks.documents(task);
        List<Question> questions = GoldenTasks.questions(task);

        TaskScore score = TaskScore.of(
                task,
                questions,
                documents.stream()
                        .map(document -> GoldenTasks.doubles(document.path("loglikelihood")))
                        .toArray(double[][]::new));

        JsonNode expected = GoldenTasks.expected(task);
        assertThat(score.accuracy()).isEqualTo(expected.path("acc").doubleValue());
        assertThat(score.standardError(score.accuracy()))
                .isCloseTo(expected.path("acc_stderr").doubleValue(), within(1e-12));
        if (task.normalized()) {
            assertThat(score.normalizedAccuracy())
                    .isEqualTo(expected.path("acc_norm").doubleValue());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "piqa          | {\"goal\": \"g\", \"sol1\": \"a\", \"sol2\": \"b\"}                    | row 1 of t.jsonl has nothing in column label; it must be 0 to 1",
                "piqa          | {\"goal\": \"g\", \"sol1\": \"a\", \"sol2\": \"b\", \"label\": 2}        | has \"2\" in column label; it must be 0 to 1",
                "piqa          | {\"goal\": \"g\", \"sol1\": \"a\", \"label\": 1}                       | has no column sol2",
                "piqa          | {\"goal\": \"g\", \"sol1\": \"\", \"sol2\": \"b\", \"label\": 1}         | needs 2 to 26 answers in sol1 and sol2, none of them empty",
                "hellaswag     | {\"activity_label\": \"a\", \"ctx_a\": \"b\", \"ctx_b\": \"c\", \"endings\": [\"[x]\", \"y\"], \"label\": \"0\"} | needs 2 to 26 answers in endings, none of them empty",
                "winogrande    | {\"sentence\": \"no gap\", \"option1\": \"a\", \"option2\": \"b\", \"answer\": \"1\"} | has no gap \"_\" in column sentence",
                "winogrande    | {\"sentence\": \"the _ \", \"option1\": \"a\", \"option2\": \"b\", \"answer\": \"1\"} | has nothing behind the gap",
                "arc_challenge | {\"question\": \"q\", \"choices\": {\"text\": [\"a\", \"b\"], \"label\": [\"A\", \"B\"]}, \"answerKey\": \"C\"} | has answerKey \"C\", which is none of the 2 labels of its 2 choices",
                "arc_easy      | {\"question\": \"q\", \"choices\": [\"a\", \"b\"], \"answerKey\": \"A\"}  | needs 2 to 26 answers in choices.text",
                "openbookqa    | {\"question_stem\": 3}                                            | has no text in column question_stem",
                "boolq         | [1]                                                             | holds no rows",
                "boolq         | {\"passage\": \"p\", \"question\"                                      | row 1 of t.jsonl is not JSON",
            })
    void refusesRowsOfAnotherKindNamingRowAndColumn(String task, String row, String message) throws IOException {
        Path file = Files.writeString(folder.resolve("t.jsonl"), row);

        assertThatThrownBy(() ->
                        QuestionFile.read(ZeroShotTask.named(task).orElseThrow(), "evaluation.tasks[0].data", file, 9))
                .isInstanceOfSatisfying(
                        EspalierException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
                .hasMessageStartingWith("evaluation.tasks[0].data: ")
                .hasMessageContaining(message);
    }

    @Test
    void readsTheLabelsOfBothPublishedFormsOfBoolq() throws IOException {
        Path file = Files.writeString(
                folder.resolve("boolq.jsonl"),
                "{\"passage\": \"p\", \"question\": \"q\", \"answer\": true}\n{\"passage\": \"p\", \"question\": \"q\", \"label\": 0}\n");

        List<Question> questions = QuestionFile.read(ZeroShotTask.BOOLQ, "data", file, 9);

        assertThat(questions).extracting(Question::right).containsExactly(1, 0);
    }

    @Test
    void readsNoMoreQuestionsThanAsked() throws IOException {
        Path file = Files.writeString(
                folder.resolve("t.jsonl"),
                "{\"goal\": \"g\", \"sol1\": \"a\", \"sol2\": \"b\", \"label\": 1}\n".repeat(5));

        List<Question> questions = QuestionFile.read(ZeroShotTask.PIQA, "data", file, 3);

        assertThat(questions).hasSize(3);
    }
}
