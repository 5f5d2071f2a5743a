package io.espalier.model.recovery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.Progress;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.file.DurableFile;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.RecoveryKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Trains low-rank adapters of all layers together, with gradients from a backward pass that holds one layer's weights at a
 * time. The adapters are added to a layer's weights when it is read, so a layer computes as fast as without them.
 *
 * @param student the pruned model, which this does not change
 * @param teacherLayers number of layers of the dense model, behind the last of which its hidden states are taken
 * @param windows [n][t] token ids, those of the {@link TeacherPass}
 * @param teacher folder that a {@link TeacherPass} filled
 * @param seed of the adapters' first weights and of the order of the windows
 */
public record LoraDistillation(
        Checkpoint student,
        int teacherLayers,
        int[][] windows,
        Path teacher,
        LoraTraining training,
        long seed,
        MemoryBudget budget) {
    /** File with the adapters, in the layout of PEFT. */
    public static final String ADAPTERS = "adapter_model.safetensors";

    /** What PEFT reads beside it. */
    public static final String ADAPTER_CONFIG = "adapter_config.json";

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Checks that the model has what is adapted.
     *
     * @throws InvalidSetting for linear layers that it has not, and for a rank above a width
     */
    public static void check(ModelLayout student, LoraTraining training) {
        List<Linear> all = student.layers().stream()
                .flatMap(layer -> layer.linears().stream())
                .toList();
        TreeSet<String> known =
                all.stream().map(LoraDistillation::lastPart).collect(Collectors.toCollection(TreeSet::new));
        for (String wanted : training.linears()) {
            if (!known.contains(wanted)) {
                throw new InvalidSetting(
                        Setting.LORA_LINEARS,
                        "\"%s\" is no linear layer of this model; it has %s"
                                .formatted(wanted, String.join(", ", known)));
            }
        }
        for (Linear linear : adapted(student, training)) {
            int width = Math.min(linear.inputs(), linear.outputs());
            if (training.rank() > width) {
                throw new InvalidSetting(
                        Setting.LORA_RANK,
                        "%d is above the width %d of %s; choose at most that"
                                .formatted(training.rank(), width, linear.module()));
            }
        }
    }

    private static String lastPart(Linear linear) {
        return linear.module().substring(linear.module().lastIndexOf('.') + 1);
    }

    /** The linear layers that get an adapter, in the order in which the data flows. */
    static List<Linear> adapted(ModelLayout student, LoraTraining training) {
        return student.layers().stream()
                .flatMap(layer -> layer.linears().stream())
                .filter(linear ->
                        training.linears().isEmpty() || training.linears().contains(lastPart(linear)))
                .toList();
    }

    /**
     * The most bytes that are held at once with batches of windows of {@code length} tokens: the adapters with their optimizer,
     * the hidden states of a batch at every layer where they fit, and the larger of the forward and the backward pass.
     *
     * @param windows all windows
     */
    public static long bytes(Footprint student, int windows, int length, LoraTraining training) {
        int batch = Math.min(training.batch(), windows);
        long adapters = 5L
                * Float.BYTES
                * adapted(student.layout(), training).stream()
                        .mapToLong(linear -> (long) training.rank() * (linear.inputs() + linear.outputs()))
                        .sum();
        int judged = RecoveryWindows.of(windows).heldOut().length;
        int most = Math.max(batch, judged);
        long hidden = student.hidden(batch, length);
        long kept = LoraPass.keptInMemory(student, hidden)
                ? student.layout().layers().size() * hidden
                : hidden;
        long forward = student.streamedExact() + student.activations(most, length);
        long head = 2 * hidden + 2 * student.head(most, length);
        long backward = student.layer() + 2 * student.recorded(batch, length);
        return adapters + kept + 2 * student.hidden(most, length) + Math.max(forward, Math.max(head, backward));
    }

    /**
     * Runs to the end. It continues where an earlier run with the same settings stopped.
     *
     * @param folder that receives {@link #ADAPTERS} and {@link #ADAPTER_CONFIG}, and the position
     * @throws InvalidSetting when the training diverges
     */
    public LossCurve run(Path folder, Progress progress) {
        try (LoraPass pass = new LoraPass(this, folder)) {
            LossCurve curve = pass.run(progress);
            List<Linear> adapted = adapted(ModelLayout.of(student), training);
            adapterFile(folder, adapted, training).write(Map.of("format", "pt"), (name, scope) -> pass.adapters()
                    .best(name));
            DurableFile.write(folder.resolve(ADAPTER_CONFIG), config(adapted));
            return curve;
        }
    }

    private static TensorFile adapterFile(Path folder, List<Linear> adapted, LoraTraining training) {
        return new TensorFile(folder.resolve(ADAPTERS), Adapters.tensors(adapted, training.rank()));
    }

    private byte[] config(List<Linear> adapted) {
        ObjectNode config = JSON.createObjectNode()
                .put("peft_type", "LORA")
                .put("task_type", "CAUSAL_LM")
                .put("r", training.rank())
                .put("lora_alpha", training.alpha())
                .put("lora_dropout", 0.0)
                .put("bias", "none")
                .put("fan_in_fan_out", false)
                .put("inference_mode", true)
                .putNull("base_model_name_or_path");
        adapted.stream()
                .map(LoraDistillation::lastPart)
                .distinct()
                .sorted()
                .forEach(config.withArray("target_modules")::add);
        try {
            return (JSON.writerWithDefaultPrettyPrinter().writeValueAsString(config) + "\n")
                    .getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree is always printable", e);
        }
    }

    /**
     * Writes the student once more with the adapters added to its weights.
     *
     * @param folder that {@link #run} filled with these settings
     * @param writer of the student's tensors, which this does not finish
     */
    public static void merge(
            Checkpoint student, LoraTraining training, Path folder, CheckpointWriter writer, Progress progress) {
        ModelLayout layout = ModelLayout.of(student);
        List<Linear> adapted = adapted(layout, training);
        TensorFile adapters = adapterFile(folder, adapted, training);
        Map<String, Linear> byWeight = adapted.stream()
                .collect(Collectors.toMap(linear -> linear.weight().name(), Function.identity()));
        for (LayerLayout layer : layout.layers()) {
            layer.linears().stream()
                    .filter(linear -> byWeight.containsKey(linear.weight().name()))
                    .forEach(linear -> merge(student, linear, adapters, training.scale(), writer));
            progress.advanced("layers", layer.index() + 1L, layout.layers().size(), 0);
        }
        student.tensors().keySet().stream()
                .filter(name -> !byWeight.containsKey(name))
                .forEach(name -> StoredWeights.copy(student, name, writer, name));
    }

    private static void merge(
            Checkpoint student, Linear linear, TensorFile adapters, double scale, CheckpointWriter writer) {
        String name = linear.weight().name();
        try (Scope scope = Scope.open()) {
            Tensor weight = StoredWeights.read(student, name, scope);
            new RecoveryKernels(scope)
                    .addLowRank(
                            weight,
                            adapters.read(Adapters.b(linear), scope),
                            adapters.read(Adapters.a(linear), scope),
                            scale);
            writer.write(name, weight.stored(student.tensor(name).dtype(), scope));
        }
    }
}
