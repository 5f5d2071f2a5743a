package io.espalier.evaluator.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.artifact.Manifest;
import io.espalier.model.importance.ScoreFile;
import io.espalier.model.importance.UnitScores;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Leaves the report of a job beside its measurements. Done twice, it leaves the same files. */
public final class ReportWork {
    /** The page, in the folder of the job's measurements. */
    public static final String PAGE = "report.html";

    /** The data of the page. */
    public static final String DATA = "report.json";

    private static final String SEARCH = "search.json";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ArtifactStore artifacts;

    public ReportWork(ArtifactStore artifacts) {
        this.artifacts = artifacts;
    }

    /**
     * One measured checkpoint.
     *
     * @param output its name in the artifact store
     * @param evaluation its evaluation report, without the request
     * @param whole the same with it
     */
    public record Measured(String output, JsonNode evaluation, JsonNode whole) {}

    /**
     * @param request of the user, without its identity
     * @param dense shapes of the dense model
     * @param measured at least one
     * @return where the page lies, relative to the artifact root
     * @throws EspalierException {@code DISK_FULL}; {@code MODEL_NOT_FOUND} or {@code MODEL_CORRUPT} if an artifact is gone or damaged
     */
    public String write(String jobId, JsonNode request, List<LayerShape> dense, List<Measured> measured) {
        JobReport report = JobReport.of(
                jobId,
                request,
                dense,
                measured.stream().map(this::result).toList(),
                scores(measured.get(0).output()));
        for (int i = 0; i < measured.size(); i++) {
            artifacts.writeReport(
                    jobId,
                    "evaluation%s.json".formatted(further(i)),
                    measured.get(i).whole().toPrettyString() + "\n");
        }
        writeHarnessResults(jobId, request.path("model").asText(), measured);
        artifacts.writeReport(jobId, DATA, report.json());
        return artifacts.writeReport(jobId, PAGE, ReportPage.of(report));
    }

    /** One file for each model that was measured as lm-evaluation-harness measures. */
    private void writeHarnessResults(String jobId, String dense, List<Measured> measured) {
        for (int i = 0; i < measured.size(); i++) {
            for (String model : i == 0 ? List.of("dense", "pruned", "unrecovered") : List.of("pruned", "unrecovered")) {
                JsonNode evaluation = measured.get(i).evaluation();
                if (HarnessResults.hold(evaluation, model)) {
                    String name =
                            model.equals("dense") ? dense : measured.get(i).output();
                    artifacts.writeReport(
                            jobId,
                            "results-%s%s.json".formatted(model, further(i)),
                            HarnessResults.of(evaluation, model, name));
                }
            }
        }
    }

    /** What stands behind the names of the files of all budgets but the first. */
    private static String further(int index) {
        return index == 0 ? "" : "-" + (index + 1);
    }

    private JobReport.Result result(Measured measured) {
        Manifest manifest = artifacts
                .manifest("output", measured.output())
                .orElseThrow(() -> new EspalierException(
                        ErrorCode.MODEL_NOT_FOUND, measured.output() + ": the artifact is not in the store any more"));
        return new JobReport.Result(
                measured.evaluation(),
                manifest.keptLayers(),
                manifest.repairs(),
                manifest.files().containsKey(SEARCH) ? Optional.of(search(measured.output())) : Optional.empty());
    }

    private JsonNode search(String output) {
        try {
            return JSON.readTree(artifacts.read(output, SEARCH));
        } catch (JsonProcessingException e) {
            throw new EspalierException(ErrorCode.MODEL_CORRUPT, "%s/%s: is no JSON".formatted(output, SEARCH), e);
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, "%s/%s: cannot be read".formatted(output, SEARCH), e);
        }
    }

    /** Every budget was chosen by the same scores. */
    private Map<Integer, Map<String, UnitScores>> scores(String output) {
        return artifacts
                .manifest("output", output)
                .filter(manifest -> manifest.files().containsKey(ScoreFile.NAME))
                .map(manifest -> ScoreFile.readLayers(artifacts.read(output, ScoreFile.NAME)))
                .orElse(Map.of());
    }
}
