package io.espalier.pruner.domain;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** What the model card of a checkpoint says of its license: a few lines of the YAML between two lines of dashes. */
final class CardLicense {
    private static final int MAX_BYTES = 64 * 1024;
    /** Only plain values: what is more than that is read in the terms themselves, which are copied. */
    private static final Pattern LINE =
            Pattern.compile("(license|license_name|license_link|language): *[\"']?[\\w.:/+-]{1,200}[\"']? *");

    private CardLicense() {}

    /** The lines that a card made from that checkpoint repeats; none where there is no card, or it says nothing. */
    static List<String> of(Checkpoint checkpoint) {
        return checkpoint.card().map(CardLicense::of).orElse(List.of());
    }

    private static List<String> of(Path card) {
        try (InputStream file = Files.newInputStream(card)) {
            List<String> lines = new String(file.readNBytes(MAX_BYTES), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            if (lines.isEmpty() || !lines.get(0).equals("---")) {
                return List.of();
            }
            return lines.stream()
                    .skip(1)
                    .takeWhile(line -> !line.equals("---"))
                    .filter(line -> LINE.matcher(line).matches())
                    .map(String::strip)
                    .distinct()
                    .toList();
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, Checkpoint.CARD + ": cannot be read", e);
        }
    }
}
