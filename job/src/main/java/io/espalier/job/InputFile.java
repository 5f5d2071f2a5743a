package io.espalier.job;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A file that a job reads, at one moment. If the file is written, replaced or cut later, it is another one.
 *
 * @param field of the request that names it: {@code model}, {@code calibration.text}, {@code evaluation.text} or
 *     {@code evaluation.tasks[0].data}
 * @param name of the file in its folder
 * @param bytes its size; -1 when there is no such file
 * @param modified nanoseconds from 1970 to its last write
 * @param place device and number of the file, as this process sees them; empty when another process looked
 */
public record InputFile(String field, String name, long bytes, long modified, String place) {
    /** Looks at a file, its links followed. */
    static InputFile at(Path path, String field, String name) {
        try {
            BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class);
            return new InputFile(
                    field,
                    name,
                    file.size(),
                    file.lastModifiedTime().to(TimeUnit.NANOSECONDS),
                    file.fileKey() == null ? "" : file.fileKey().toString());
        } catch (IOException e) {
            return new InputFile(field, name, -1, 0, "");
        }
    }

    /**
     * Compares all files of a job with what they were before.
     *
     * @throws EspalierException {@code INPUT_CHANGED} naming the field and the file when one is another now, is gone or
     *     was added
     */
    static void requireSame(List<InputFile> before, List<InputFile> now) {
        Map<List<String>, InputFile> left = new HashMap<>();
        now.forEach(file -> left.put(file.key(), file));
        for (InputFile file : before) {
            InputFile same = left.remove(file.key());
            if (same == null || !file.isSame(same)) {
                throw file.changed();
            }
        }
        left.values().stream().findFirst().ifPresent(added -> {
            throw added.changed();
        });
    }

    private List<String> key() {
        return List.of(field, name);
    }

    private boolean isSame(InputFile other) {
        return bytes == other.bytes
                && modified == other.modified
                && (place.isEmpty() || other.place.isEmpty() || place.equals(other.place));
    }

    private EspalierException changed() {
        return new EspalierException(
                ErrorCode.INPUT_CHANGED,
                "%s: %s changed while the job ran; leave the files alone until the job has ended and send the request under another id"
                        .formatted(field, name));
    }
}
