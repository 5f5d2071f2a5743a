package io.espalier.model.recovery;

import io.espalier.model.Seeds;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.importance.GradientSink;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.RecoveryKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/** The low-rank adapters of a model, with their gradients and the state of their optimizer, in fp32. */
final class Adapters implements GradientSink {
    /** Before the names of PEFT's modules. */
    private static final String PREFIX = "base_model.model.";

    private static final String BEST = ".best";

    /** A longer gradient is shortened to this norm, as the papers' training does. */
    private static final double LONGEST_GRADIENT = 1;

    private final Scope scope = Scope.open();
    private final LoraTraining training;
    private final Map<String, Adapter> byModule = new LinkedHashMap<>();
    /** Everything that the training needs to go on, by the names in the saved position. */
    private final Map<String, Tensor> states = new LinkedHashMap<>();

    /** One matrix that learns: its values, their gradient, the means of that and the best values so far. */
    private record Learned(Tensor value, Tensor gradient, Tensor mean, Tensor square, Tensor best) {}

    /** a is [r, in], b is [out, r]. */
    private record Adapter(Learned a, Learned b) {}

    /** Adapters that change nothing yet: a is random, b is zero. */
    Adapters(List<Linear> adapted, LoraTraining training, long seed) {
        this.training = training;
        for (Linear linear : adapted) {
            Learned a = learned(a(linear), training.rank(), linear.inputs());
            Learned b = learned(b(linear), linear.outputs(), training.rank());
            fill(a.value(), linear.inputs(), Seeds.of(seed, "lora/" + linear.module()));
            new Kernels(scope).replace(a.best(), a.value());
            byModule.put(linear.module(), new Adapter(a, b));
        }
    }

    private Learned learned(String name, int rows, int columns) {
        return new Learned(
                state(name, rows, columns),
                state(name + ".gradient", rows, columns),
                state(name + ".mean", rows, columns),
                state(name + ".square", rows, columns),
                state(name + BEST, rows, columns));
    }

    private Tensor state(String name, int rows, int columns) {
        Tensor zeros = new Kernels(scope).zeros(rows, columns);
        states.put(name, zeros);
        return zeros;
    }

    /** Uniform in ±1/√in, as torch begins a linear layer. */
    private static void fill(Tensor a, int inputs, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double most = 1 / Math.sqrt(inputs);
        double[] values = new double[Math.toIntExact(a.elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = most * (2 * random.nextDouble() - 1);
        }
        try (Scope scratch = Scope.open()) {
            Kernels kernels = new Kernels(scratch);
            kernels.replace(a, kernels.reshape(scratch.doubles(values), a.dim(0), a.dim(1)));
        }
    }

    /** Adds the adapters of now to the weights of a layer. */
    void addTo(LayerLayout layer, LayerWeights weights) {
        for (Linear linear : layer.linears()) {
            Adapter adapter = byModule.get(linear.module());
            if (adapter != null) {
                new RecoveryKernels(scope)
                        .addLowRank(
                                weights.get(linear.weight()), adapter.b.value(), adapter.a.value(), training.scale());
            }
        }
    }

    @Override
    public void add(Linear linear, Tensor input, Tensor upstream) {
        Adapter adapter = byModule.get(linear.module());
        if (adapter != null) {
            new RecoveryKernels(scope)
                    .addLowRankGradients(
                            adapter.a.gradient(),
                            adapter.b.gradient(),
                            adapter.a.value(),
                            adapter.b.value(),
                            input,
                            upstream,
                            training.scale());
        }
    }

    /**
     * Takes one step of the optimizer and clears the gradients.
     *
     * @param step from 1
     */
    void advance(int step) {
        RecoveryKernels optimizer = new RecoveryKernels(scope);
        double norm = Math.sqrt(all().stream()
                .mapToDouble(one -> optimizer.sumOfSquares(one.gradient()))
                .sum());
        for (Learned one : all()) {
            if (norm > LONGEST_GRADIENT) {
                optimizer.scaleInPlace(one.gradient(), LONGEST_GRADIENT / norm);
            }
            optimizer.adam(
                    one.value(),
                    one.gradient(),
                    one.mean(),
                    one.square(),
                    training.rate(step),
                    RecoveryKernels.Adam.USUAL,
                    step);
            new Kernels(scope).clear(one.gradient());
        }
    }

    /** Remembers the adapters of now as the best. */
    void keepBest() {
        all().forEach(one -> new Kernels(scope).replace(one.best(), one.value()));
    }

    private List<Learned> all() {
        return byModule.values().stream()
                .flatMap(adapter -> List.of(adapter.a, adapter.b).stream())
                .toList();
    }

    /** The tensors of PEFT's file. */
    static List<TensorInfo> tensors(List<Linear> adapted, int rank) {
        List<TensorInfo> tensors = new ArrayList<>();
        for (Linear linear : adapted) {
            tensors.add(TensorFile.info(a(linear), List.of((long) rank, (long) linear.inputs())));
            tensors.add(TensorFile.info(b(linear), List.of((long) linear.outputs(), (long) rank)));
        }
        return tensors;
    }

    static String a(Linear linear) {
        return PREFIX + linear.module() + ".lora_A.weight";
    }

    static String b(Linear linear) {
        return PREFIX + linear.module() + ".lora_B.weight";
    }

    /** The tensors of a saved position. */
    List<TensorInfo> stateTensors() {
        return states.entrySet().stream()
                .map(state -> TensorFile.info(
                        state.getKey(), List.of((long) state.getValue().dim(0), (long)
                                state.getValue().dim(1))))
                .toList();
    }

    /** A tensor of {@link #stateTensors}. */
    Tensor state(String name) {
        return Objects.requireNonNull(states.get(name), name);
    }

    /** The best values of one of the tensors of PEFT's file. */
    Tensor best(String name) {
        return state(name + BEST);
    }

    @Override
    public void close() {
        scope.close();
    }
}
