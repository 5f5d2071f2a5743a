package io.espalier.model.zeroshot;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.model.file.Quoted;
import io.espalier.model.text.Blanks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The tasks that papers on pruning report. Prompts, choices and scores are those of the task files of lm-evaluation-harness
 * 0.4.13, and the rows of data are those of the public data sets.
 */
public enum ZeroShotTask {
    /** Rows of SuperGLUE's {@code boolq}, or with {@code answer} those of the original. */
    BOOLQ(false) {
        @Override
        Question question(QuestionRow row) {
            String context = row.text("passage") + "\nQuestion: " + row.text("question") + "?\nAnswer:";
            JsonNode answer = row.values().path("answer");
            int right = answer.isBoolean() ? (answer.booleanValue() ? 1 : 0) : row.right("label", 0, 2);
            return Question.behind(context, List.of("no", "yes"), right);
        }
    },
    PIQA(true) {
        @Override
        Question question(QuestionRow row) {
            List<String> answers = row.answers(List.of(row.text("sol1"), row.text("sol2")), "sol1 and sol2");
            return Question.behind("Question: " + row.text("goal") + "\nAnswer:", answers, row.right("label", 0, 2));
        }
    },
    HELLASWAG(true) {
        @Override
        Question question(QuestionRow row) {
            String context =
                    row.text("activity_label") + ": " + row.text("ctx_a") + " " + capitalized(row.text("ctx_b"));
            List<String> endings = row.answers(row.values().path("endings"), "endings").stream()
                    .map(ZeroShotTask::withoutMarks)
                    .toList();
            return Question.behind(
                    withoutMarks(context), row.answers(endings, "endings"), row.right("label", 0, endings.size()));
        }
    },
    /** The options stand in the context here, and what follows is the same for both. */
    WINOGRANDE(false) {
        @Override
        Question question(QuestionRow row) {
            String sentence = row.text("sentence");
            int gap = sentence.indexOf('_');
            if (gap < 0) {
                throw row.invalid("has no gap \"_\" in column sentence");
            }
            String rest = Blanks.strip(sentence.substring(gap + 1));
            if (rest.isEmpty()) {
                throw row.invalid("has nothing behind the gap \"_\" in column sentence");
            }
            List<Choice> choices = List.of("option1", "option2").stream()
                    .map(option -> Choice.behind(sentence.substring(0, gap) + row.text(option), rest))
                    .toList();
            return new Question(choices, row.right("answer", 1, 2));
        }
    },
    ARC_EASY(true) {
        @Override
        Question question(QuestionRow row) {
            return labelled("Question: " + row.text("question") + "\nAnswer:", row);
        }
    },
    ARC_CHALLENGE(true) {
        @Override
        Question question(QuestionRow row) {
            return ARC_EASY.question(row);
        }
    },
    OPENBOOKQA(true) {
        @Override
        Question question(QuestionRow row) {
            return labelled(row.text("question_stem"), row);
        }
    };

    private static final Pattern BRACKETS = Pattern.compile("\\[.*?\\]", Pattern.UNIX_LINES);

    private final boolean normalized;

    ZeroShotTask(boolean normalized) {
        this.normalized = normalized;
    }

    /** @return empty for another name than {@link #names} has */
    public static Optional<ZeroShotTask> named(String name) {
        return Arrays.stream(values()).filter(task -> task.label().equals(name)).findFirst();
    }

    /** Names as the harness has them. */
    public static List<String> names() {
        return Arrays.stream(values()).map(ZeroShotTask::label).toList();
    }

    /** Its name in the harness: "arc_easy". */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether the harness and the papers' averages have a normalized accuracy of it. */
    public boolean normalized() {
        return normalized;
    }

    /** @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} naming the row and the column */
    abstract Question question(QuestionRow row);

    private static Question labelled(String context, QuestionRow row) {
        JsonNode choices = row.values().path("choices");
        List<String> answers = row.answers(choices.path("text"), "choices.text");
        List<String> labels = new ArrayList<>();
        choices.path("label").forEach(label -> labels.add(label.asText()));
        int right = labels.indexOf(row.text("answerKey"));
        if (labels.size() != answers.size() || right < 0) {
            throw row.invalid("has answerKey %s, which is none of the %d labels of its %d choices"
                    .formatted(Quoted.of(row.text("answerKey")), labels.size(), answers.size()));
        }
        return Question.behind(context, answers, right);
    }

    /** The first letter as in a title, the others small. */
    private static String capitalized(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.codePointAt(0);
        return Character.toString(Character.toTitleCase(first))
                + text.substring(Character.charCount(first)).toLowerCase(Locale.ROOT);
    }

    /** Without the marks that WikiHow's articles left in the data. */
    private static String withoutMarks(String text) {
        String titled = Blanks.strip(text).replace(" [title]", ". ");
        return BRACKETS.matcher(titled).replaceAll("").replace("  ", " ");
    }
}
