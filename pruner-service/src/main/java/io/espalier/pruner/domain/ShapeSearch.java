package io.espalier.pruner.domain;

import io.espalier.base.Progress;
import io.espalier.job.Inputs;
import io.espalier.job.ScoreSets;
import io.espalier.job.Target;
import io.espalier.model.LayerShape;
import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.artifact.StoredFile;
import io.espalier.model.file.Digests;
import io.espalier.model.importance.ScoreFile;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.pruning.Allocation;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.search.CheapestShapes;
import io.espalier.model.search.ComponentPrices;
import io.espalier.model.search.Divergence;
import io.espalier.model.search.MeasuredPrices;
import io.espalier.model.search.PriceEstimate;
import io.espalier.model.search.PriceFile;
import io.espalier.model.search.SearchSpace;
import io.espalier.model.search.SearchWindows;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.ModelLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Does the tasks of a search for the shapes that cost least.
 *
 * @param inputs the dense model and the texts
 */
record ShapeSearch(ArtifactStore artifacts, PruneJob job, Target.Units units, Inputs inputs, Progress progress) {
    private static final String UNIFORM = "uniform";
    private static final String MEASURED = "measured";
    private static final String ESTIMATED = "estimated";

    PruneResult run(PruneTask.Search task) {
        if (task instanceof PruneTask.Price price) {
            return price(price);
        }
        return task instanceof PruneTask.Measure measure ? measure(measure) : judge((PruneTask.Judge) task);
    }

    private PruneResult.Priced price(PruneTask.Price task) {
        SearchSpace space = space(job.inspection().scope(), scores(task.scores()));
        List<ComponentPrices> prices = new PriceEstimate(
                        space, windows().searched(), job.spec().seed())
                .run(artifacts.localPositionFolder(job.spec().jobId(), task.id()), progress);
        return new PruneResult.Priced(
                prices.stream()
                        .map(component -> new Component(component.layer(), component.half()))
                        .toList(),
                store("prices", PriceFile.write(prices)));
    }

    private PruneResult.Measured measure(PruneTask.Measure task) {
        Component component = task.component();
        ComponentPrices estimated = prices(task.prices()).stream()
                .filter(one -> one.layer() == component.layer() && one.half() == component.half())
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(task.id() + ": no prices of it"));
        // No other layer is touched, so the scores of this one are enough.
        SearchSpace space = space(
                new LayerScope(component.layer(), component.layer() + 1),
                scores(new TreeMap<>(Map.of(component.layer(), task.scores()))));
        ComponentPrices measured = new MeasuredPrices(space, windows().searched()).of(estimated, progress);
        return new PruneResult.Measured(store("prices-" + component.name(), PriceFile.write(List.of(measured))));
    }

    private PruneResult.Judged judge(PruneTask.Judge task) {
        Map<Integer, UnitScores> scores = scores(task.scores());
        SearchSpace space = space(job.inspection().scope(), scores);
        PrunedTensors tensors = new PrunedTensors(inputs.checkpoint(), units.compensation());
        List<ComponentPrices> estimated = prices(task.prices());
        List<ComponentPrices> measured =
                task.measured().stream().flatMap(file -> prices(file).stream()).toList();
        List<ComponentPrices> best = measured.isEmpty() ? estimated : measured;
        List<LayerShape> uniform = uniform(units.variant(task.output()).budget(), scores, tensors);
        Map<String, List<LayerShape>> shapes = new LinkedHashMap<>();
        shapes.put(UNIFORM, uniform);
        if (!measured.isEmpty()) {
            addOther(shapes, MEASURED, CheapestShapes.of(dense(), measured, uniform, tensors));
        }
        addOther(shapes, ESTIMATED, CheapestShapes.of(dense(), estimated, uniform, tensors));
        SearchWindows windows = windows();
        double[] divergences =
                new Divergence(space, windows.searched(), windows.judged()).of(List.copyOf(shapes.values()), progress);
        int chosen = least(divergences);
        List<SearchCandidate> candidates = new ArrayList<>();
        shapes.forEach((name, left) -> candidates.add(new SearchCandidate(
                name,
                CheapestShapes.predicted(left, best),
                divergences[candidates.size()],
                tensors.parameters(left),
                candidates.size() == chosen)));
        return new PruneResult.Judged(new ChosenShapes(
                task.output(),
                List.copyOf(shapes.values()).get(chosen),
                candidates,
                store(task.id(), new SearchDetails(candidates, shapes, estimated, measured).toJson())));
    }

    private static void addOther(Map<String, List<LayerShape>> shapes, String name, List<LayerShape> left) {
        if (!shapes.containsValue(left)) {
            shapes.put(name, left);
        }
    }

    /** The first of the least. A divergence that is no number counts as the largest. */
    static int least(double[] divergences) {
        int least = 0;
        for (int i = 1; i < divergences.length; i++) {
            if (Double.compare(divergences[i], divergences[least]) < 0) {
                least = i;
            }
        }
        return least;
    }

    /** What the uniform allocation leaves for the same budget: the most that any other shapes may leave. */
    private List<LayerShape> uniform(Budget budget, Map<Integer, UnitScores> scores, PrunedTensors tensors) {
        LayerScope scope = job.inspection().scope();
        Allocation uniform = job.spec().allocation(units, ModelLayout.of(inputs.checkpoint()));
        uniform.check(budget, dense(), scope, tensors);
        return budget.spend(uniform.shapes(dense(), scope, scores), tensors);
    }

    private List<LayerShape> dense() {
        return inputs.checkpoint().config().layers();
    }

    private SearchWindows windows() {
        return SearchWindows.of(inputs.calibration());
    }

    private SearchSpace space(LayerScope scope, Map<Integer, UnitScores> scores) {
        return new SearchSpace(
                inputs.checkpoint(),
                scope,
                units.rounding(),
                scores,
                job.inspection().computation().budget());
    }

    private Map<Integer, UnitScores> scores(SortedMap<Integer, StoredFile> files) {
        Map<Integer, Map<String, UnitScores>> layers = new TreeMap<>();
        files.forEach((layer, file) -> layers.put(layer, ScoreFile.read(artifacts.read(file))));
        return new ScoreSets(layers).of(job.spec().criterion().name());
    }

    private List<ComponentPrices> prices(StoredFile file) {
        return PriceFile.read(artifacts.read(file));
    }

    /** A task that runs again on a machine that rounds differently writes a file of another name. */
    private StoredFile store(String name, byte[] bytes) {
        String digest = Digests.sha256(bytes).substring(0, 16);
        return artifacts.writeWork(job.spec().jobId(), name + "-" + digest + ".json", bytes);
    }
}
