package io.espalier.model.recovery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.tensor.Arena;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/** One training of a {@link LoraDistillation}, which saves its position and continues from there. */
final class LoraPass implements AutoCloseable {
    /** How many times the curve is measured, after the first time; the position is saved as often. */
    private static final int POINTS = 20;

    /** Of the budget, what the hidden states of a batch at all layers may take; otherwise they go to disk. */
    private static final int KEPT_SHARE = 4;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final LoraDistillation distillation;
    private final LoraTraining training;
    private final Path folder;
    private final ModelLayout layout;
    private final RecoveryWindows windows;
    private final HiddenFiles teacher;
    private final Adapters adapters;
    private final TensorFile position;
    private final boolean inMemory;

    /**
     * What the training has found so far.
     *
     * @param step steps done
     * @param curve measured until then
     */
    private record Reached(int step, LossCurve curve) {}

    LoraPass(LoraDistillation distillation, Path folder) {
        this(distillation, folder, fitsInMemory(distillation));
    }

    /** @param inMemory whether what enters each layer is kept in memory for the backward pass, else on disk */
    LoraPass(LoraDistillation distillation, Path folder, boolean inMemory) {
        this.distillation = distillation;
        this.training = distillation.training();
        this.folder = folder;
        this.layout = ModelLayout.of(distillation.student());
        this.windows = RecoveryWindows.of(distillation.windows().length);
        this.teacher = TeacherPass.files(distillation.teacher(), layout.hiddenSize(), distillation.windows());
        this.adapters = new Adapters(LoraDistillation.adapted(layout, training), training, distillation.seed());
        this.position = new TensorFile(folder.resolve("position.safetensors"), adapters.stateTensors());
        this.inMemory = inMemory;
    }

    private static boolean fitsInMemory(LoraDistillation distillation) {
        Footprint footprint =
                new Footprint(ModelLayout.of(distillation.student()), Computation.exact(distillation.budget()));
        return keptInMemory(
                footprint,
                footprint.hidden(distillation.training().batch(), distillation.windows()[0].length));
    }

    /** @param hidden bytes of a batch's hidden states at one layer */
    static boolean keptInMemory(Footprint student, long hidden) {
        return student.layout().layers().size() * hidden
                <= student.computation().budget().bytes() / KEPT_SHARE;
    }

    Adapters adapters() {
        return adapters;
    }

    LossCurve run(Progress progress) {
        Reached reached = Files.exists(position.file()) ? resumed() : begun();
        while (reached.step < training.steps()) {
            reached = on(reached, progress);
            save(reached);
        }
        return reached.curve;
    }

    private Reached begun() {
        return new Reached(0, new LossCurve(List.of(new LossCurve.Point(0, 0, heldOut())), 0));
    }

    private Reached resumed() {
        try (Scope scope = Scope.open()) {
            adapters.stateTensors().forEach(tensor -> new Kernels(scope)
                    .replace(adapters.state(tensor.name()), position.read(tensor.name(), scope)));
            return JSON.readValue(position.note("reached"), Reached.class);
        } catch (JsonProcessingException e) {
            throw new EspalierException(
                    ErrorCode.INTERNAL, "the saved position of the training cannot be used; run the job again", e);
        }
    }

    private void save(Reached reached) {
        try {
            position.write(Map.of("reached", JSON.writeValueAsString(reached)), (name, scope) -> adapters.state(name));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("numbers are always printable", e);
        }
    }

    /** Trains to the next point of the curve. */
    private Reached on(Reached from, Progress progress) {
        int to = Math.min(training.steps(), from.step + Math.max(1, training.steps() / POINTS));
        double sum = 0;
        for (int step = from.step + 1; step <= to; step++) {
            sum += step(windows.batch(step - 1, training.batch(), distillation.seed()));
            requireFinite(sum, step, from.curve);
            adapters.advance(step);
            long tokens = (long) step * training.batch() * distillation.windows()[0].length;
            progress.advanced(
                    "steps", step, training.steps(), tokens * layout.layers().size());
        }
        double heldOut = heldOut();
        requireFinite(heldOut, to, from.curve);
        List<LossCurve.Point> points = new ArrayList<>(from.curve.points());
        points.add(new LossCurve.Point(to, sum / (to - from.step), heldOut));
        boolean better = heldOut < from.curve.after();
        if (better) {
            adapters.keepBest();
        }
        return new Reached(to, new LossCurve(points, better ? to : from.curve.best()));
    }

    private static void requireFinite(double loss, int step, LossCurve before) {
        if (!Double.isFinite(loss)) {
            throw new InvalidSetting(
                    Setting.LORA_LEARNING_RATE,
                    "the training gave no finite loss at step %d (its best was %.4g at step %d); choose a smaller one"
                            .formatted(step, before.after(), before.best()));
        }
    }

    /** Adds the gradients of a batch. @return its loss before the step */
    private double step(int[] batch) {
        try (Scope scope = Scope.open();
                LayerStream stream = embedded(batch);
                Boundaries boundaries = boundaries(stream)) {
            forward(stream, boundaries::save);
            LanguageHead.Loss loss = loss(stream, batch, scope);
            backward(new ArrayList<>(loss.gradient()), boundaries);
            return loss.value();
        }
    }

    private LayerStream embedded(int[] some) {
        return LayerStream.embed(distillation.student(), layout, chunks(some));
    }

    private List<int[][]> chunks(int[] some) {
        int[][] texts = Arrays.stream(some)
                .mapToObj(window -> distillation.windows()[window])
                .toArray(int[][]::new);
        return LayerStream.chunked(texts, layout, distillation.budget());
    }

    private void forward(LayerStream stream, Consumer<Integer> before) {
        WeightStream.forEach(
                distillation.student(), layout.layers(), Computation.exact(distillation.budget()), (layer, weights) -> {
                    before.accept(layer.index());
                    adapters.addTo(layer, weights);
                    stream.through(new DecoderLayer(layer, weights));
                });
    }

    private LanguageHead.Loss loss(LayerStream stream, int[] batch, Scope scope) {
        LanguageHead head = new LanguageHead(distillation.student(), layout);
        if (training.objective() == LoraTraining.Objective.NEXT_TOKEN) {
            return head.loss(stream, scope);
        }
        try (LayerStream dense = dense(stream, batch)) {
            return head.divergenceLoss(dense, stream, scope);
        }
    }

    /** The dense model's hidden states after its last layer, in the chunks of a stream of the same windows. */
    private LayerStream dense(LayerStream stream, int[] some) {
        List<int[][]> chunks = stream.windows();
        return LayerStream.resumed(chunks, (chunk, owner) -> {
            int[] places = TeacherPass.ofChunk(chunks, chunk);
            return teacher.load(
                    distillation.teacherLayers(),
                    Arrays.stream(places).map(place -> some[place]).toArray(),
                    owner);
        });
    }

    /** @param above per chunk the gradient with respect to the output of the last layer; it is freed on the way */
    private void backward(List<Tensor> above, Boundaries boundaries) {
        // All layers in turn; it is not there while the forward pass holds weights of its own.
        try (Arena memory = LayerWeights.arenaForLayer(layout.layers())) {
            for (int index = layout.layers().size() - 1; index >= 0; index--) {
                LayerLayout layer = layout.layers().get(index);
                try (LayerWeights weights = LayerWeights.readRecordable(distillation.student(), layer, memory)) {
                    adapters.addTo(layer, weights);
                    RecordedLayer recorded = new RecordedLayer(layer, weights);
                    for (int chunk = 0; chunk < above.size(); chunk++) {
                        back(recorded, chunk, above.get(chunk), boundaries);
                    }
                }
            }
        }
    }

    /** @param above is replaced by the gradient with respect to the layer's input */
    private void back(RecordedLayer layer, int chunk, Tensor above, Boundaries boundaries) {
        try (Scope scope = Scope.open()) {
            Tensor below = layer.back(
                    boundaries.load(layer.layer().index(), chunk, scope),
                    y -> above,
                    adapters,
                    (norm, gradient) -> {},
                    scope);
            new Kernels(scope).replace(above, below);
        }
    }

    /** The loss on the windows that are not trained on. */
    private double heldOut() {
        try (LayerStream stream = embedded(windows.heldOut())) {
            forward(stream, layer -> {});
            LanguageHead head = new LanguageHead(distillation.student(), layout);
            if (training.objective() == LoraTraining.Objective.NEXT_TOKEN) {
                return Arrays.stream(head.losses(stream)).average().orElseThrow();
            }
            try (LayerStream dense = dense(stream, windows.heldOut())) {
                return head.divergence(dense, List.of(stream))[0];
            }
        }
    }

    /** What enters each layer, for the backward pass. */
    private interface Boundaries extends AutoCloseable {
        void save(int layer);

        Tensor load(int layer, int chunk, Scope scope);

        @Override
        void close();
    }

    private Boundaries boundaries(LayerStream stream) {
        return inMemory ? new InMemory(stream) : new OnDisk(stream);
    }

    private static final class InMemory implements Boundaries {
        private final Scope scope = Scope.open();
        private final LayerStream stream;
        private final List<List<Tensor>> layers = new ArrayList<>();

        InMemory(LayerStream stream) {
            this.stream = stream;
        }

        @Override
        public void save(int layer) {
            layers.add(stream.chunks().stream().map(new Kernels(scope)::copy).toList());
        }

        @Override
        public Tensor load(int layer, int chunk, Scope owner) {
            return new Kernels(owner).alias(layers.get(layer).get(chunk));
        }

        @Override
        public void close() {
            scope.close();
        }
    }

    private final class OnDisk implements Boundaries {
        private final LayerStream stream;
        private final HiddenFiles files;

        OnDisk(LayerStream stream) {
            this.stream = stream;
            // Another worker may do the same task at another step.
            this.files = new HiddenFiles(
                    folder.resolve("step-" + UUID.randomUUID()),
                    "hidden",
                    stream.windows().stream().mapToInt(chunk -> chunk.length).sum(),
                    stream.length(),
                    layout.hiddenSize());
        }

        @Override
        public void save(int layer) {
            files.save(layer, stream.chunks());
        }

        @Override
        public Tensor load(int layer, int chunk, Scope owner) {
            return files.load(layer, TeacherPass.ofChunk(stream.windows(), chunk), owner);
        }

        @Override
        public void close() {
            files.delete();
        }
    }

    @Override
    public void close() {
        adapters.close();
    }
}
