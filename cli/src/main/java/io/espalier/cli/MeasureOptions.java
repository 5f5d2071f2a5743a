package io.espalier.cli;

import io.espalier.v1.Evaluation;
import io.espalier.v1.MeasuredText;
import io.espalier.v1.TaskData;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * The options for what an evaluation measures beside the perplexity of its text: further texts, questions
 * and what the models write.
 */
final class MeasureOptions {
    @Option(
            names = "--perplexity",
            paramLabel = "PROTOCOL=PATH",
            converter = TextOfProtocol.class,
            description =
                    "Measure a further text by a protocol: window-2048 (or another length), wikitext (per word and byte, as"
                            + " lm-evaluation-harness does). May be given several times.")
    private @Nullable List<MeasuredText> texts;

    @Option(
            names = "--perplexity-limit",
            paramLabel = "N",
            description = "Windows, or pages, from the start of each such text. Default: all.")
    private @Nullable Integer textLimit;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "Let the models continue this text, to read it side by side. May be given up to four times.")
    private @Nullable List<String> prompts;

    @Option(names = "--prompt-tokens", paramLabel = "N", description = "Tokens behind each prompt. Default: 48.")
    private @Nullable Integer promptTokens;

    @Option(
            names = "--task",
            paramLabel = "NAME=PATH",
            description =
                    "Ask the models the questions of a file, as lm-evaluation-harness does; once for each of boolq, piqa,"
                            + " hellaswag, winogrande, arc_easy, arc_challenge, openbookqa.")
    private @Nullable Map<String, String> tasks;

    @Option(
            names = "--task-limit",
            paramLabel = "N",
            description = "Questions from the start of each file. Default: all.")
    private @Nullable Integer limit;

    void changeIn(Evaluation.Builder evaluation) {
        if (texts != null) {
            evaluation.clearTexts().addAllTexts(texts);
        }
        if (prompts != null) {
            evaluation.clearPrompts().addAllPrompts(prompts);
        }
        if (promptTokens != null) {
            evaluation.setPromptTokens(promptTokens);
        }
        if (textLimit != null) {
            evaluation.getTextsBuilderList().forEach(text -> text.setLimit(textLimit));
        }
        if (tasks != null) {
            evaluation.clearTasks();
            tasks.forEach((task, data) ->
                    evaluation.addTasks(TaskData.newBuilder().setTask(task).setData(data)));
        }
        if (limit != null) {
            evaluation.getTasksBuilderList().forEach(task -> task.setLimit(limit));
        }
    }

    static final class TextOfProtocol implements ITypeConverter<MeasuredText> {
        @Override
        public MeasuredText convert(String value) {
            int equals = value.indexOf('=');
            if (equals < 1 || equals == value.length() - 1) {
                throw new TypeConversionException(
                        "'%s' is not PROTOCOL=PATH, such as window-2048=wiki.test.raw".formatted(value));
            }
            return MeasuredText.newBuilder()
                    .setProtocol(value.substring(0, equals))
                    .setText(value.substring(equals + 1))
                    .build();
        }
    }
}
