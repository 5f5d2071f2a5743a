package io.espalier.job;

import io.espalier.base.ErrorCode;
import io.espalier.model.artifact.Root;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.file.Digests;
import io.espalier.model.file.RegularFile;
import io.espalier.model.zeroshot.LogLikelihoods;
import io.espalier.model.zeroshot.Question;
import io.espalier.model.zeroshot.QuestionFile;
import java.nio.file.Path;
import java.util.List;

/**
 * Where the questions of one multiple-choice task of a job lie.
 *
 * @param field of the request that names the file
 */
record TaskSource(JobSpec.TaskData data, String field, Path file) {
    /**
     * Finds the file; it is not opened.
     *
     * @param index of the task in the request
     * @throws io.espalier.base.EspalierException {@code MODEL_NOT_FOUND}, {@code MODEL_URI_FORBIDDEN}; {@code INVALID_ARGUMENT}
     *     for what is no file
     */
    static TaskSource in(Root texts, int index, JobSpec.TaskData data) {
        String field = "evaluation.tasks[%d].data".formatted(index);
        Path file = RegularFile.require(texts.resolve(field, data.uri()), ErrorCode.INVALID_ARGUMENT, field);
        return new TaskSource(data, field, file);
    }

    InputFile inputFile() {
        return InputFile.at(file, field, String.valueOf(file.getFileName()));
    }

    /** @param last index behind the last question */
    List<Question> questions(int first, int last) {
        return QuestionFile.read(data.task(), field, file, last).subList(first, last);
    }

    /** What an inspection says of it. Every row is checked, and whether the model can read every choice. */
    TaskRead read(Checkpoint checkpoint) {
        List<Question> all = QuestionFile.read(data.task(), field, file, data.limit());
        return new TaskRead(data.task(), all.size(), LogLikelihoods.longest(checkpoint, all), Digests.sha256(file));
    }
}
