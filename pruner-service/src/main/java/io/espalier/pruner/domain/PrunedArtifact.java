package io.espalier.pruner.domain;

import io.espalier.model.LayerShape;
import io.espalier.model.pruning.LayerRepair;
import java.util.List;

/**
 * A pruned checkpoint with its manifest.
 *
 * @param output folder relative to the artifact root
 * @param layers shapes after pruning
 * @param profile "uniform" or "per-layer"
 * @param profileReason why the profile is what it is
 * @param repairs what the compensation of each pruned layer did
 * @param maskSha256 one digest over all masks; empty unless weights became zero in place
 * @param zeroedWeights that became zero in place
 * @param damping ridge that Hessians needed over the one asked for, the largest; 0 where there were none
 * @param keptLayers index each layer had in the dense model; empty unless whole layers went
 */
public record PrunedArtifact(
        String output,
        String manifestSha256,
        List<LayerShape> layers,
        String profile,
        String profileReason,
        List<LayerRepair> repairs,
        String maskSha256,
        long zeroedWeights,
        double damping,
        List<Integer> keptLayers) {
    public PrunedArtifact {
        layers = List.copyOf(layers);
        repairs = List.copyOf(repairs);
        keptLayers = List.copyOf(keptLayers);
    }
}
