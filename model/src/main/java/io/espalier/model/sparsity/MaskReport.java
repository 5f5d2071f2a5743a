package io.espalier.model.sparsity;

import io.espalier.model.file.Digests;
import io.espalier.model.transformer.Linear;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;

/**
 * What was kept of a tensor.
 *
 * @param sha256 of the mask, see {@link Mask#sha256}
 * @param kept weights
 * @param total weights
 */
public record MaskReport(String tensor, String sha256, long kept, long total) {
    public static MaskReport of(Linear linear, Mask mask) {
        return new MaskReport(linear.weight().name(), mask.sha256(), mask.kept(), mask.total());
    }

    /** One digest of all masks of an artifact: of the lines {@code sha256  tensor}, sorted by tensor. */
    public static String sha256(Collection<MaskReport> reports) {
        StringBuilder lines = new StringBuilder();
        reports.stream().sorted(Comparator.comparing(MaskReport::tensor)).forEach(report -> lines.append(report.sha256)
                .append("  ")
                .append(report.tensor)
                .append('\n'));
        return Digests.sha256(lines.toString().getBytes(StandardCharsets.UTF_8));
    }
}
