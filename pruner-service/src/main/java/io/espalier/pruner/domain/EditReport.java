package io.espalier.pruner.domain;

import io.espalier.model.pruning.LayerRepair;
import io.espalier.model.sparsity.MaskReport;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a {@link CheckpointEdit} did.
 *
 * @param repairs of the layers that lost units
 * @param masks of the linear layers in which weights became zero
 * @param damping the largest ridge that a Hessian needed, as a multiple of the one asked for; empty where no Hessian
 *     was solved
 * @param keptLayers index that each remaining layer had in the dense model; empty unless whole layers went
 */
record EditReport(List<LayerRepair> repairs, List<MaskReport> masks, OptionalDouble damping, List<Integer> keptLayers) {
    EditReport {
        repairs = List.copyOf(repairs);
        masks = List.copyOf(masks);
        keptLayers = List.copyOf(keptLayers);
    }

    static EditReport ofUnits(List<LayerRepair> repairs) {
        return new EditReport(repairs, List.of(), OptionalDouble.empty(), List.of());
    }

    static EditReport ofLayers(List<Integer> kept) {
        return new EditReport(List.of(), List.of(), OptionalDouble.empty(), kept);
    }

    static EditReport ofWeights(List<MaskReport> masks, OptionalDouble damping) {
        return new EditReport(List.of(), masks, damping, List.of());
    }

    /** SHA-256 of each mask, by the name of its tensor. */
    SortedMap<String, String> maskDigests() {
        SortedMap<String, String> digests = new TreeMap<>();
        masks.forEach(mask -> digests.put(mask.tensor(), mask.sha256()));
        return digests;
    }

    /** One SHA-256 over all masks; empty where there are none. */
    String maskSha256() {
        return masks.isEmpty() ? "" : MaskReport.sha256(masks);
    }

    /** Weights that became zero in place. */
    long zeroedWeights() {
        return masks.stream().mapToLong(mask -> mask.total() - mask.kept()).sum();
    }
}
