package io.espalier.model.sparsity;

import io.espalier.model.file.Digests;
import io.espalier.model.transformer.Linear;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;

/**
 * The digest of a tensor's mask and how many weights it keeps.
 *
 * @param tensor name of the weight tensor in the checkpoint
 * @param sha256 digest of the mask, as in {@link Mask#sha256}
 * @param kept number of weights that are kept
 * @param total number of weights of the tensor
 */
public record MaskReport(String tensor, String sha256, long kept, long total) {
    public static MaskReport of(Linear linear, Mask mask) {
        return new MaskReport(linear.weight().name(), mask.sha256(), mask.kept(), mask.total());
    }

    /** The digest of all masks of an artifact. It is the SHA-256 of the lines {@code sha256  tensor}, sorted by tensor. */
    public static String sha256(Collection<MaskReport> reports) {
        StringBuilder lines = new StringBuilder();
        reports.stream().sorted(Comparator.comparing(MaskReport::tensor)).forEach(report -> lines.append(report.sha256)
                .append("  ")
                .append(report.tensor)
                .append('\n'));
        return Digests.sha256(lines.toString().getBytes(StandardCharsets.UTF_8));
    }
}
