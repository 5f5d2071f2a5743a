package io.espalier.pruner.domain;

import io.espalier.model.LayerShape;
import io.espalier.model.pruning.LayerRepair;
import java.util.List;

/**
 * A pruned checkpoint with its manifest.
 *
 * @param output its name in the artifact store
 * @param layers shapes after pruning
 * @param profile "uniform" or "per-layer"
 * @param profileReason why the profile is what it is
 * @param repairs what the compensation of each pruned layer did
 * @param maskSha256 one digest over all masks; empty unless weights became zero in place
 * @param zeroedWeights weights that became zero in place
 * @param damping the largest ridge that a Hessian needed, as a multiple of the one asked for; 0 where no Hessian was
 *     solved
 * @param keptLayers index that each remaining layer had in the dense model; empty unless whole layers went
 * @param gguf name of the GGUF file beside the checkpoint; empty if there is none
 * @param searched what a search compared to choose the shapes; empty where there was none
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
        List<Integer> keptLayers,
        String gguf,
        List<SearchCandidate> searched) {
    public PrunedArtifact {
        layers = List.copyOf(layers);
        repairs = List.copyOf(repairs);
        keptLayers = List.copyOf(keptLayers);
        searched = List.copyOf(searched);
    }
}
