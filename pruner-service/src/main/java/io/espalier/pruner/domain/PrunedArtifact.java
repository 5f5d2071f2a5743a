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
 */
public record PrunedArtifact(
        String output,
        String manifestSha256,
        List<LayerShape> layers,
        String profile,
        String profileReason,
        List<LayerRepair> repairs) {
    public PrunedArtifact {
        layers = List.copyOf(layers);
        repairs = List.copyOf(repairs);
    }
}
