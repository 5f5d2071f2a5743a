package io.espalier.model.zeroshot;

import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.text.RowFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The questions of a task out of a file of JSON rows. */
public final class QuestionFile {
    /** Many times as many as the largest public task has. All of them are in memory while a job is inspected. */
    private static final long MAX_CHARS = 100_000_000;

    private QuestionFile() {}

    /**
     * Reads and checks the questions.
     *
     * @param field of the request that names the file, for messages
     * @param limit of the questions from the start of the file
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the field and the row, when there is none, or the file has
     *     other rows than the task's; {@code MODEL_NOT_FOUND} when it cannot be read
     */
    public static List<Question> read(ZeroShotTask task, String field, Path file, int limit) {
        List<Question> questions = new ArrayList<>();
        try (RowFile rows = RowFile.open(field, file)) {
            long chars = 0;
            for (RowFile.Row row = rows.next(); row != null && questions.size() < limit; row = rows.next()) {
                Cancellation.check();
                Question question = task.question(new QuestionRow(row));
                questions.add(question);
                chars += question.chars();
                if (chars > MAX_CHARS) {
                    throw row.invalid("makes the questions longer than %,d characters; ask fewer of them (limit)"
                            .formatted(MAX_CHARS));
                }
            }
        }
        if (questions.isEmpty()) {
            throw new EspalierException(ErrorCode.INVALID_ARGUMENT, field + ": the file has no rows");
        }
        return List.copyOf(questions);
    }
}
