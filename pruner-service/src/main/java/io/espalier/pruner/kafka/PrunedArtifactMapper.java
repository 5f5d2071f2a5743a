package io.espalier.pruner.kafka;

import io.espalier.job.InspectionMapper;
import io.espalier.model.pruning.LayerRepair;
import io.espalier.model.pruning.LinearRepair;
import io.espalier.pruner.domain.PruneResult;
import io.espalier.pruner.domain.PrunedArtifact;
import io.espalier.pruner.domain.StagedArtifact;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.TaskResult;

/** Artifacts, and the results of tasks, on the wire. */
final class PrunedArtifactMapper {
    private PrunedArtifactMapper() {}

    static TaskResult.Builder toWire(PruneResult result) {
        TaskResult.Builder wire = TaskResult.newBuilder();
        if (result instanceof PruneResult.Priced priced) {
            return wire.setCutsPriced(ShapeSearchMapper.toWire(priced));
        }
        if (result instanceof PruneResult.Measured measured) {
            return wire.setCutsMeasured(ShapeSearchMapper.toWire(measured));
        }
        if (result instanceof PruneResult.Judged judged) {
            return wire.setShapesChosen(ShapeSearchMapper.toWire(judged.chosen()));
        }
        if (result instanceof PruneResult.Staged staged) {
            return wire.setArtifactStaged(toWire(staged.staged()));
        }
        return wire.setArtifactCommitted(toWire(((PruneResult.Committed) result).artifact()));
    }

    static PruneResult result(TaskResult wire) {
        return switch (wire.getOutcomeCase()) {
            case CUTS_PRICED -> ShapeSearchMapper.priced(wire.getCutsPriced());
            case CUTS_MEASURED -> ShapeSearchMapper.measured(wire.getCutsMeasured());
            case SHAPES_CHOSEN -> new PruneResult.Judged(ShapeSearchMapper.chosen(wire.getShapesChosen()));
            case ARTIFACT_STAGED -> new PruneResult.Staged(staged(wire.getArtifactStaged()));
            case ARTIFACT_COMMITTED -> new PruneResult.Committed(artifact(wire.getArtifactCommitted()));
            default -> throw new IllegalArgumentException("no pruning result: " + wire.getOutcomeCase());
        };
    }

    static io.espalier.v1.StagedArtifact toWire(StagedArtifact staged) {
        return io.espalier.v1.StagedArtifact.newBuilder()
                .setStaging(staged.staging())
                .setCheckpoint(toWire(staged.artifact()))
                .build();
    }

    static StagedArtifact staged(io.espalier.v1.StagedArtifact wire) {
        return new StagedArtifact(wire.getStaging(), artifact(wire.getCheckpoint()));
    }

    static PrunedCheckpoint.Builder toWire(PrunedArtifact artifact) {
        PrunedCheckpoint.Builder wire = PrunedCheckpoint.newBuilder()
                .setOutput(artifact.output())
                .setManifestSha256(artifact.manifestSha256())
                .setProfile(artifact.profile())
                .setProfileReason(artifact.profileReason())
                .setMaskSha256(artifact.maskSha256())
                .setZeroedWeights(artifact.zeroedWeights())
                .setDamping(artifact.damping())
                .addAllKeptLayers(artifact.keptLayers())
                .setGguf(artifact.gguf());
        if (!artifact.searched().isEmpty()) {
            wire.setSearch(ShapeSearchMapper.toWire(artifact.searched()));
        }
        artifact.layers().forEach(layer -> wire.addLayers(InspectionMapper.toWire(layer)));
        artifact.repairs().forEach(repair -> wire.addRepairs(toWire(repair)));
        return wire;
    }

    private static PrunedArtifact artifact(PrunedCheckpoint wire) {
        return new PrunedArtifact(
                wire.getOutput(),
                wire.getManifestSha256(),
                wire.getLayersList().stream().map(InspectionMapper::fromWire).toList(),
                wire.getProfile(),
                wire.getProfileReason(),
                wire.getRepairsList().stream().map(PrunedArtifactMapper::repair).toList(),
                wire.getMaskSha256(),
                wire.getZeroedWeights(),
                wire.getDamping(),
                wire.getKeptLayersList(),
                wire.getGguf(),
                ShapeSearchMapper.candidates(wire.getSearch()));
    }

    private static io.espalier.v1.LayerRepair toWire(LayerRepair repair) {
        return io.espalier.v1.LayerRepair.newBuilder()
                .setLayer(repair.layer())
                .setAttentionErrorNone(repair.attention().errorNone())
                .setAttentionError(repair.attention().error())
                .setAttentionDamping(repair.attention().damping())
                .setFfnErrorNone(repair.ffn().errorNone())
                .setFfnError(repair.ffn().error())
                .setFfnDamping(repair.ffn().damping())
                .build();
    }

    private static LayerRepair repair(io.espalier.v1.LayerRepair wire) {
        return new LayerRepair(
                wire.getLayer(),
                new LinearRepair(wire.getAttentionErrorNone(), wire.getAttentionError(), wire.getAttentionDamping()),
                new LinearRepair(wire.getFfnErrorNone(), wire.getFfnError(), wire.getFfnDamping()));
    }
}
