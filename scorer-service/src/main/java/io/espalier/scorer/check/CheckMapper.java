package io.espalier.scorer.check;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.job.Quota;
import io.espalier.job.RequestMapper;
import io.espalier.job.SettingNames;
import io.espalier.job.UsualRequestMapper;
import io.espalier.job.Workspace;
import io.espalier.model.artifact.FolderArtifactStore;
import io.espalier.model.file.DurableFile;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.pipeline.request.RequestJson;
import io.espalier.scorer.domain.InspectionSettings;
import io.espalier.scorer.domain.JobCheck;
import io.espalier.v1.PruneRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** From a request on the wire to what is known of its job before it runs. */
final class CheckMapper {
    private CheckMapper() {}

    /** A request without a text is a question about its model alone. */
    static List<String> lines(Path models, Path texts, Path artifacts, String json) throws IOException {
        PruneRequest request = RequestJson.fromJson(json);
        boolean textless = request.getCalibration().getText().isEmpty()
                && request.getCalibration().getTextsCount() == 0;
        if (request.getModel().isEmpty()) {
            throw new EspalierException(ErrorCode.INVALID_ARGUMENT, "model is missing; name the checkpoint folder");
        }
        if (textless) {
            return JobCheck.model(models, request.getModel());
        }
        // Nothing is written, not even the folder of the artifacts.
        Path temporary = Files.createTempDirectory("espalier-check");
        try {
            Workspace workspace = new Workspace(
                    models, texts, new FolderArtifactStore(Files.isDirectory(artifacts) ? artifacts : temporary));
            InspectionSettings settings = new InspectionSettings(
                    Runtime.getRuntime().availableProcessors(), "auto", MemoryBudget.DEFAULT.bytes(), new Quota(0, 0));
            return SettingNames.named(() -> JobCheck.job(
                    workspace,
                    RequestMapper.toSpec(request.getRequestId(), UsualRequestMapper.completed(request)),
                    settings));
        } finally {
            DurableFile.deleteTree(temporary);
        }
    }
}
