package io.espalier.recoverer.kafka;

import io.espalier.recoverer.domain.RecoverResult;
import io.espalier.recoverer.domain.RecoveredModel;
import io.espalier.v1.AdaptersTrained;
import io.espalier.v1.CheckpointDistilled;
import io.espalier.v1.CheckpointRecovered;
import io.espalier.v1.LayersDistilled;
import io.espalier.v1.RecoveryCommitted;
import io.espalier.v1.TaskResult;
import io.espalier.v1.TeacherRead;

/** The results of a recovery's tasks on the wire. */
final class RecoverResultMapper {
    private RecoverResultMapper() {}

    static TaskResult.Builder toWire(RecoverResult result) {
        TaskResult.Builder wire = TaskResult.newBuilder();
        if (result instanceof RecoverResult.Taught taught) {
            return wire.setTeacherRead(TeacherRead.newBuilder().setWindows(taught.windows()));
        }
        if (result instanceof RecoverResult.Distilled distilled) {
            LayersDistilled.Builder layers = LayersDistilled.newBuilder();
            distilled
                    .layers()
                    .forEach(of -> layers.addCheckpoints(
                            CheckpointDistilled.newBuilder().addAllLayers(RecoveryReportMapper.layers(of))));
            return wire.setLayersDistilled(layers);
        }
        if (result instanceof RecoverResult.Staged staged) {
            RecoveredModel model = staged.model();
            return wire.setCheckpointRecovered(CheckpointRecovered.newBuilder()
                    .setStaging(model.staging())
                    .setManifestSha256(model.manifestSha256())
                    .setGguf(model.gguf()));
        }
        if (result instanceof RecoverResult.Adapted adapted) {
            return wire.setAdaptersTrained(
                    AdaptersTrained.newBuilder().setLoss(RecoveryReportMapper.toWire(adapted.loss())));
        }
        return wire.setRecoveryCommitted(RecoveryCommitted.getDefaultInstance());
    }

    static RecoverResult fromWire(TaskResult wire) {
        return switch (wire.getOutcomeCase()) {
            case TEACHER_READ -> new RecoverResult.Taught(wire.getTeacherRead().getWindows());
            case LAYERS_DISTILLED ->
                new RecoverResult.Distilled(wire.getLayersDistilled().getCheckpointsList().stream()
                        .map(of -> RecoveryReportMapper.layers(of.getLayersList()))
                        .toList());
            case CHECKPOINT_RECOVERED -> {
                CheckpointRecovered model = wire.getCheckpointRecovered();
                yield new RecoverResult.Staged(
                        new RecoveredModel(model.getStaging(), model.getManifestSha256(), model.getGguf()));
            }
            case ADAPTERS_TRAINED ->
                new RecoverResult.Adapted(
                        RecoveryReportMapper.fromWire(wire.getAdaptersTrained().getLoss()));
            case RECOVERY_COMMITTED -> new RecoverResult.Committed();
            default -> throw new IllegalArgumentException("no result of a recovery: " + wire.getOutcomeCase());
        };
    }
}
