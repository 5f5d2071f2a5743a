package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.model.artifact.Manifest;
import io.espalier.v1.Budget;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobEvent;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.SearchCandidate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Shapes that are searched, through the whole pipeline. */
class SearchIT extends SoundStack {
    private static final int LAYERS = 6;
    private static final int HALVES = 2 * LAYERS;
    private static final String MEASURED = "search-measured";
    private static final String ESTIMATED = "search-estimated";

    @BeforeAll
    static void publishBoth() {
        PruneRequest.Builder measured = searched(MEASURED);
        measured.getPruningBuilder()
                .addBudgets(Budget.newBuilder().setParameterRatio(0.2))
                .addBudgets(Budget.newBuilder().setUnitRatio(0.4));
        PruneRequest.Builder estimated = searched(ESTIMATED);
        estimated.getPruningBuilder().setParameterRatio(0.2);
        estimated.getPruningBuilder().getSearchBuilder().setEffort("estimate");
        stack.client().submit(measured.build());
        stack.client().submit(estimated.build());
    }

    private static PruneRequest.Builder searched(String job) {
        PruneRequest.Builder request = Requests.small(job).toBuilder();
        request.getScoringBuilder().clear().setCriterion("flap");
        request.getPruningBuilder().clearUnitRatio().clearLayers().setAllocation("searched");
        return request;
    }

    @Test
    void everyHalfOfEveryLayerIsPricedAndMeasuredBeforeAnyShapesAreJudged() {
        // When
        end(MEASURED);

        // Then
        assertThat(activities(MEASURED)).containsExactly("price", "measure", "judge", "prune", "commit");
        assertThat(stack.log().events(MEASURED).stream()
                        .filter(event -> event.getProgress().getActivity().equals("measure"))
                        .map(event -> event.getProgress().getTasksTotal()))
                .isNotEmpty()
                .allMatch(total -> total == HALVES);
    }

    @Test
    void anEstimateMeasuresNothing() {
        // When
        end(ESTIMATED);

        // Then
        assertThat(activities(ESTIMATED)).containsExactly("price", "judge", "prune", "commit");
    }

    /** What the pruner did, in order. */
    private static List<String> activities(String job) {
        return stack.log().events(job).stream()
                .filter(event -> event.getStage().equals("pruner") && event.hasProgress())
                .map(event -> event.getProgress().getActivity())
                .distinct()
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {MEASURED, ESTIMATED})
    void theChosenShapesAreNeitherLargerThanTheUniformOnesNorFurtherFromTheDenseModel(String job) {
        // When
        List<EvaluationReport> reports = reports(end(job));

        // Then
        assertThat(reports).hasSize(job.equals(MEASURED) ? 2 : 1).allSatisfy(report -> {
            List<SearchCandidate> candidates = report.getSearch().getCandidatesList();
            SearchCandidate uniform = candidates.get(0);
            assertThat(uniform.getName()).isEqualTo("uniform");
            assertThat(candidates)
                    .filteredOn(SearchCandidate::getChosen)
                    .singleElement()
                    .satisfies(chosen -> {
                        assertThat(chosen.getDivergence()).isLessThanOrEqualTo(uniform.getDivergence());
                        assertThat(report.getPruned().getParameters()).isEqualTo(chosen.getParameters());
                    });
            assertThat(candidates).allSatisfy(candidate -> {
                assertThat(candidate.getParameters()).isLessThanOrEqualTo(uniform.getParameters());
                assertThat(candidate.getDivergence()).isPositive().isFinite();
            });
        });
        assertThat(reports.get(0).getPruned().getParameters())
                .isLessThanOrEqualTo((long) (0.8 * reports.get(0).getDense().getParameters()));
    }

    @ParameterizedTest
    @ValueSource(strings = {MEASURED, ESTIMATED})
    void theArtifactTellsAllPricesUnderItsManifest(String job) throws IOException {
        // When
        String output = end(job).getCompleted().getOutput();

        // Then
        Path artifact = stack.folders().artifacts().resolve(output);
        JsonNode search =
                new ObjectMapper().readTree(artifact.resolve("search.json").toFile());
        assertThat(search.get("components")).hasSize(HALVES).allSatisfy(component -> {
            int levels = component.get("kept").size();
            assertThat(component.get("estimated")).hasSize(levels);
            assertThat(component.path("measured").size()).isEqualTo(job.equals(MEASURED) ? levels : 0);
        });
        assertThat(Manifest.read(artifact).files()).containsKey("search.json");
    }

    private static JobEvent end(String job) {
        JobEvent end = stack.awaitEnd(job);
        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        return end;
    }

    private static List<EvaluationReport> reports(JobEvent end) {
        EvaluationReport first = end.getCompleted();
        return Stream.concat(Stream.of(first), first.getFurtherList().stream()).toList();
    }
}
