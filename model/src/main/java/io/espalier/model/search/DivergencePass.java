package io.espalier.model.search;

import io.espalier.base.Progress;
import io.espalier.model.LayerShape;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.pruning.Surgery;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The pass of a {@link Divergence} through the layers. */
final class DivergencePass implements AutoCloseable {
    /**
     * Candidates that are alike so far.
     *
     * @param stream their hidden states
     */
    private record Group(List<List<LayerShape>> members, LayerStream stream) {}

    /** A half with the sums, then the repairs, of its output projection. */
    private record Summed(Component component, LevelRepairs repairs) {}

    private final SearchSpace space;
    private final ModelLayout layout;
    private final List<LayerShape> dense;
    private final List<List<LayerShape>> candidates;
    private final LayerStream calibrating;
    /** All streams of candidates, also of those that no group has because a cancel came in between. */
    private final List<LayerStream> opened = new ArrayList<>();

    private final int lastChanged;
    private List<Group> groups;

    DivergencePass(Divergence divergence, List<List<LayerShape>> candidates) {
        this.space = divergence.space();
        this.layout = ModelLayout.of(space.checkpoint());
        this.dense = layout.layers().stream().map(LayerLayout::shape).toList();
        this.candidates = candidates;
        this.lastChanged = IntStream.range(0, dense.size())
                .filter(layer -> candidates.stream()
                        .anyMatch(shapes -> !shapes.get(layer).equals(dense.get(layer))))
                .max()
                .orElse(-1);
        this.calibrating = LayerStream.embedToSum(space.checkpoint(), layout, divergence.calibration(), space.budget());
        List<List<LayerShape>> all = new ArrayList<>(candidates);
        all.add(dense);
        LayerStream judged = LayerStream.embed(space.checkpoint(), layout, divergence.judged(), space.budget());
        opened.add(judged);
        this.groups = List.of(new Group(all, judged));
    }

    double[] run(Progress progress) {
        int layers = dense.size();
        long tokens = groups.get(0).stream.tokens();
        WeightStream.forEachCopied(space.checkpoint(), layout.layers(), space.budget(), (layer, weights) -> {
            try (Scope scope = Scope.open()) {
                List<Summed> summed = layer.index() <= lastChanged ? summed(layer, weights, scope) : List.of();
                for (LayerHalf half : LayerHalf.values()) {
                    through(layer, weights, half, summed, scope);
                }
            }
            progress.advanced("layers", layer.index() + 1L, layers, (layer.index() + 1) * tokens);
        });
        List<LayerStream> streams = groups.stream().map(Group::stream).toList();
        double[] divergences =
                new LanguageHead(space.checkpoint(), layout).divergence(streams.get(groupOf(dense)), streams);
        return candidates.stream()
                .mapToDouble(candidate -> divergences[groupOf(candidate)])
                .toArray();
    }

    private int groupOf(List<LayerShape> candidate) {
        return IntStream.range(0, groups.size())
                .filter(group -> groups.get(group).members.contains(candidate))
                .findFirst()
                .orElseThrow();
    }

    /** Takes the calibration windows through the layer, and sums where a candidate loses units. */
    private List<Summed> summed(LayerLayout layer, LayerWeights weights, Scope scope) {
        List<Summed> summed = space.components(layer).stream()
                .filter(this::changes)
                .map(component -> new Summed(component, new LevelRepairs(component.columns(), scope)))
                .toList();
        calibrating.throughInTurn(new DecoderLayer(layer, weights), (linear, x) -> summed.stream()
                .filter(half -> half.component.outputProjection().equals(linear))
                .forEach(half -> half.repairs.add(x)));
        return summed;
    }

    private boolean changes(Component component) {
        int layer = component.layout().index();
        return candidates.stream()
                .anyMatch(shapes -> HalfShape.kept(shapes.get(layer), component.half())
                        != HalfShape.kept(dense.get(layer), component.half()));
    }

    private void through(LayerLayout layer, LayerWeights weights, LayerHalf half, List<Summed> summed, Scope scope) {
        Map<Integer, List<LayerStream>> byLevel = split(layer.index(), half);
        Optional<Summed> sums =
                summed.stream().filter(one -> one.component.half() == half).findFirst();
        Optional<Levels> levels = sums.map(one -> one.repairs.solved(weightOf(one.component, weights)));
        byLevel.forEach((kept, streams) -> {
            if (kept == HalfShape.kept(dense.get(layer.index()), half)) {
                advance(half, new DecoderLayer(layer, weights), streams);
            } else {
                Component component = sums.orElseThrow().component;
                try (LayerWeights own = weights.shared()) {
                    advance(half, cut(component, kept, levels.orElseThrow(), own, scope), streams);
                }
            }
        });
    }

    private static Tensor weightOf(Component component, LayerWeights weights) {
        return weights.get(component.outputProjection().weight());
    }

    /** The layer with one half at a level, its output projection repaired. */
    private static DecoderLayer cut(Component component, int kept, Levels levels, LayerWeights weights, Scope scope) {
        RemovedUnits removed = component.removed(kept);
        DecoderLayer layer = new Surgery(removed).cut(component.layout(), weights, component.half());
        Linear output = component.outputProjection();
        weights.put(output.weight(), levels.kept(component.lostColumns(kept), component.columns(), scope));
        return layer;
    }

    private static void advance(LayerHalf half, DecoderLayer layer, List<LayerStream> streams) {
        for (LayerStream stream : streams) {
            if (half == LayerHalf.ATTENTION) {
                stream.throughAttention(layer);
            } else {
                stream.throughFeedForward(layer);
            }
        }
    }

    /**
     * Divides the groups by what their members keep of a half.
     *
     * @return streams by how many attention steps or FFN channels they keep
     */
    private Map<Integer, List<LayerStream>> split(int layer, LayerHalf half) {
        List<Group> divided = new ArrayList<>();
        Map<Integer, List<LayerStream>> byLevel = new TreeMap<>();
        for (Group group : groups) {
            Map<Integer, List<List<LayerShape>>> parts = group.members.stream()
                    .collect(Collectors.groupingBy(
                            shapes -> HalfShape.kept(shapes.get(layer), half),
                            LinkedHashMap::new,
                            Collectors.toList()));
            int open = parts.size();
            for (Map.Entry<Integer, List<List<LayerShape>>> part : parts.entrySet()) {
                // The last part takes the stream that the group had.
                open--;
                LayerStream stream = open > 0 ? forked(group.stream) : group.stream;
                divided.add(new Group(part.getValue(), stream));
                byLevel.computeIfAbsent(part.getKey(), kept -> new ArrayList<>())
                        .add(stream);
            }
        }
        groups = divided;
        return byLevel;
    }

    private LayerStream forked(LayerStream stream) {
        LayerStream fork = stream.fork();
        opened.add(fork);
        return fork;
    }

    @Override
    public void close() {
        calibrating.close();
        opened.forEach(LayerStream::close);
    }
}
