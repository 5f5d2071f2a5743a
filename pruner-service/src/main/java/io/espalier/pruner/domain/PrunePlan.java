package io.espalier.pruner.domain;

import io.espalier.job.SearchEffort;
import io.espalier.model.artifact.StoredFile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Write every checkpoint of a job into a staging area of its own, then commit them all. Where shapes are searched, first price
 * the cuts, measure them if the estimate is not enough, and judge the shapes that come of it for each checkpoint. What is
 * recovered is not committed here.
 *
 * @param outputs artifact folder of each checkpoint that the job makes, in the order of the request
 * @param scores for each layer in scope, by its index, the file of its scores or masks; empty where pruning chooses for
 *     itself
 * @param search how much a search for shapes measures; empty where shapes follow from the budget and the scores
 * @param recovered whether the checkpoints are recovered before they are committed
 */
public record PrunePlan(
        List<String> outputs, SortedMap<Integer, StoredFile> scores, Optional<SearchEffort> search, boolean recovered) {
    private enum Wave {
        PRICE,
        MEASURE,
        JUDGE,
        PRUNE,
        COMMIT
    }

    public PrunePlan {
        outputs = List.copyOf(outputs);
        scores = Collections.unmodifiableSortedMap(new TreeMap<>(scores));
    }

    /** @param waves results of the complete waves, each in task order */
    public PruneStep next(List<List<PruneResult>> waves) {
        List<Wave> all = all();
        if (waves.size() == all.size()) {
            List<PruneResult> last = waves.get(waves.size() - 1);
            if (recovered) {
                return new PruneStep.Staged(outputs.stream()
                        .map(output ->
                                about(output, last, PruneResult.Staged.class).staged())
                        .toList());
            }
            return new PruneStep.Done(outputs.stream()
                    .map(output ->
                            about(output, last, PruneResult.Committed.class).artifact())
                    .toList());
        }
        return switch (all.get(waves.size())) {
            case PRICE -> new PruneStep.Run("price", List.of(new PruneTask.Price(scores)));
            case MEASURE -> new PruneStep.Run("measure", measures(priced(waves)));
            case JUDGE -> new PruneStep.Run("judge", forEach("judge", judge(waves)));
            case PRUNE -> new PruneStep.Run("prune", forEach("prune", prune(waves)));
            case COMMIT -> commit(waves.get(waves.size() - 1));
        };
    }

    private List<Wave> all() {
        List<Wave> waves = new ArrayList<>();
        search.ifPresent(effort -> waves.addAll(
                effort == SearchEffort.MEASURED
                        ? List.of(Wave.PRICE, Wave.MEASURE, Wave.JUDGE)
                        : List.of(Wave.PRICE, Wave.JUDGE)));
        waves.add(Wave.PRUNE);
        if (!recovered) {
            waves.add(Wave.COMMIT);
        }
        return waves;
    }

    private List<PruneResult> of(Wave wave, List<List<PruneResult>> waves) {
        int place = all().indexOf(wave);
        return place < 0 ? List.of() : waves.get(place);
    }

    private PruneResult.Priced priced(List<List<PruneResult>> waves) {
        return (PruneResult.Priced) of(Wave.PRICE, waves).get(0);
    }

    private List<PruneTask> measures(PruneResult.Priced priced) {
        return priced.components().stream()
                .<PruneTask>map(
                        component -> new PruneTask.Measure(component, scoresOf(component.layer()), priced.prices()))
                .toList();
    }

    private StoredFile scoresOf(int layer) {
        StoredFile file = scores.get(layer);
        if (file == null) {
            throw new IllegalArgumentException("no scores of the priced layer " + layer);
        }
        return file;
    }

    private Function<Named, PruneTask> judge(List<List<PruneResult>> waves) {
        List<StoredFile> measured = of(Wave.MEASURE, waves).stream()
                .map(result -> ((PruneResult.Measured) result).prices())
                .toList();
        StoredFile prices = priced(waves).prices();
        return named -> new PruneTask.Judge(named.id, named.output, scores, prices, measured);
    }

    private Function<Named, PruneTask> prune(List<List<PruneResult>> waves) {
        return named -> new PruneTask.Prune(named.id, named.output, scores, search.map(effort -> about(
                        named.output, of(Wave.JUDGE, waves), PruneResult.Judged.class)
                .chosen()));
    }

    private PruneStep.Commit commit(List<PruneResult> staged) {
        return new PruneStep.Commit(outputs.stream()
                .map(output -> new PruneTask.Commit(
                        id("commit", output),
                        about(output, staged, PruneResult.Staged.class).staged()))
                .toList());
    }

    private static <R extends PruneResult.OfOutput> R about(String output, List<PruneResult> results, Class<R> kind) {
        return results.stream()
                .map(kind::cast)
                .filter(result -> result.output().equals(output))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no result about the artifact " + output));
    }

    /** A task for one of the checkpoints, before it is known what it needs. */
    private record Named(String id, String output) {}

    private List<PruneTask> forEach(String work, Function<Named, PruneTask> task) {
        return outputs.stream()
                .map(output -> task.apply(new Named(id(work, output), output)))
                .toList();
    }

    /** The first checkpoint's tasks bear the plain name, the others' a number from 2. */
    private String id(String work, String output) {
        int place = outputs.indexOf(output) + 1;
        return place == 1 ? work : work + "-" + place;
    }
}
