package io.espalier.model.export;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.AttentionUnit;
import io.espalier.model.DemoModel;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.Parameter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Checkpoints to export: golden ones with a tokenizer, and pruned ones. */
final class ExportCheckpoint {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern IN_LAYER = Pattern.compile("layers\\.(\\d+)\\.");
    private static final int VOCABULARY = 160;
    private static final int EOS = 2;

    private ExportCheckpoint() {}

    /** A golden checkpoint with a tokenizer, and with another config. */
    static Path golden(String family, UnaryOperator<ObjectNode> config, Path target) throws IOException {
        GoldenCheckpoint.rename(GoldenCheckpoint.of(family), name -> name, config, target);
        return withTokenizer(target);
    }

    private static Path withTokenizer(Path target) throws IOException {
        Files.writeString(target.resolve("tokenizer.json"), JSON.writeValueAsString(tokenizer()));
        return target;
    }

    static Path golden(String family, Path target) throws IOException {
        return golden(family, config -> config, target);
    }

    /** A golden checkpoint whose layers follow each other again and again. */
    static Path repeated(String family, int layers, UnaryOperator<ObjectNode> config, Path target) throws IOException {
        try (Checkpoint golden = Checkpoint.open(GoldenCheckpoint.of(family))) {
            int stored = golden.config().layers().size();
            Map<TensorInfo, ByteBuffer> tensors = new LinkedHashMap<>();
            for (TensorInfo tensor : golden.tensors().values()) {
                Matcher name = IN_LAYER.matcher(tensor.name());
                int layer = name.find() ? Integer.parseInt(name.group(1)) : layers;
                tensors.put(tensor, bytes(golden, tensor));
                for (int again = layer + stored; again < layers; again += stored) {
                    tensors.put(tensor.named(name.replaceFirst("layers." + again + ".")), bytes(golden, tensor));
                }
            }
            write(tensors, config.apply(golden.config().json().put("num_hidden_layers", layers)), target);
        }
        return withTokenizer(target);
    }

    /** A checkpoint of which only the first layer is left, without a tokenizer. */
    static void firstLayer(Path source, UnaryOperator<ObjectNode> config, Path target) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(source)) {
            Map<TensorInfo, ByteBuffer> tensors = new LinkedHashMap<>();
            for (TensorInfo tensor : checkpoint.tensors().values()) {
                Matcher name = IN_LAYER.matcher(tensor.name());
                if (!name.find() || name.group(1).equals("0")) {
                    tensors.put(tensor, bytes(checkpoint, tensor));
                }
            }
            write(tensors, config.apply(checkpoint.config().json().put("num_hidden_layers", 1)), target);
        }
    }

    /** A golden checkpoint with a random bias for every linear layer that its changed config wants one for. */
    static Path biased(String family, UnaryOperator<ObjectNode> config, Path target) throws IOException {
        Random random = new Random(7);
        try (Checkpoint golden = Checkpoint.open(GoldenCheckpoint.of(family))) {
            Map<TensorInfo, ByteBuffer> tensors = new LinkedHashMap<>();
            golden.tensors().values().forEach(tensor -> tensors.put(tensor, bytes(golden, tensor)));
            ObjectNode json = config.apply(golden.config().json());
            Files.createDirectories(target);
            Path changed = Files.writeString(target.resolve("changed.json"), JSON.writeValueAsString(json));
            ModelLayout layout =
                    ModelLayout.of(ModelConfig.read(changed), golden.tensors().keySet());
            Files.delete(changed);
            for (Parameter parameter : layout.parameters()) {
                if (!golden.has(parameter.name())) {
                    TensorInfo bias = new TensorInfo(parameter.name(), DType.F32, parameter.shape());
                    ByteBuffer values = ByteBuffer.allocate((int) bias.bytes()).order(ByteOrder.LITTLE_ENDIAN);
                    while (values.hasRemaining()) {
                        values.putFloat((float) random.nextGaussian() / 4);
                    }
                    tensors.put(bias, values.flip());
                }
            }
            write(tensors, json, target);
        }
        return withTokenizer(target);
    }

    private static ByteBuffer bytes(Checkpoint checkpoint, TensorInfo tensor) {
        ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes());
        checkpoint.read(tensor.name(), bytes);
        return bytes.flip();
    }

    private static void write(Map<TensorInfo, ByteBuffer> tensors, ObjectNode config, Path target) throws IOException {
        try (CheckpointWriter writer = CheckpointWriter.create(target, List.copyOf(tensors.keySet()))) {
            tensors.forEach((tensor, bytes) -> writer.write(tensor.name(), bytes.duplicate()));
            writer.writeJson(Checkpoint.CONFIG, config);
            writer.finish();
        }
    }

    /**
     * Byte-level BPE in which every character that prints is a token, and some with a space before them are, too. No two tokens
     * have the same text, so that the text of a token says which one it is.
     */
    private static ObjectNode tokenizer() {
        ObjectNode json = JSON.createObjectNode();
        json.put("version", "1.0");
        json.putArray("added_tokens")
                .addObject()
                .put("id", EOS)
                .put("content", "</s>")
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true);
        json.putObject("pre_tokenizer")
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", true);
        json.putObject("decoder")
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", true);
        ObjectNode model = json.putObject("model").put("type", "BPE");
        ObjectNode vocab = model.putObject("vocab");
        vocab.put("Ċ", 0).put("Ġ", 1).put("</s>", EOS);
        for (int id = EOS + 1; id < VOCABULARY; id++) {
            int letter = id - EOS - 1;
            int printing = '~' - '!' + 1;
            vocab.put(
                    letter < printing
                            ? Character.toString('!' + letter)
                            : "Ġ" + Character.toString('!' + letter - printing),
                    id);
        }
        model.putArray("merges");
        return json;
    }

    /** Which units stay. */
    enum Kept {
        /** As many in every layer. */
        UNIFORM,
        PER_LAYER
    }

    /**
     * Cuts units at random.
     *
     * @param one whether only one attention unit of each layer stays
     */
    static Path pruned(Path dense, AttentionUnit unit, Kept kept, boolean one, long seed, Path target)
            throws IOException {
        return pruned(dense, unit, kept, one, Compensation.NONE, seed, target);
    }

    /** The same with a repair that is calibrated on a few random windows. */
    static Path pruned(
            Path dense, AttentionUnit unit, Kept kept, boolean one, Compensation compensation, long seed, Path target)
            throws IOException {
        Random random = new Random(seed);
        try (Checkpoint checkpoint = Checkpoint.open(dense, dense, unit)) {
            List<RemovedUnits> removed = new ArrayList<>();
            List<LayerShape> shapes = checkpoint.config().layers();
            int steps = 0;
            int channels = 0;
            for (LayerShape shape : shapes) {
                if (removed.isEmpty() || kept == Kept.PER_LAYER) {
                    steps = one ? shape.attentionSteps() - 1 : random.nextInt(shape.attentionSteps());
                    channels = random.nextInt(shape.ffnChannels());
                }
                removed.add(
                        new RemovedUnits(attention(shape, steps, random), some(channels, shape.ffnChannels(), random)));
            }
            DemoModel.prune(checkpoint, removed, GoldenCheckpoint.windows(2, 24, seed), compensation, target);
        }
        for (String file : List.of("tokenizer.json", "tokenizer_config.json", "generation_config.json")) {
            if (Files.exists(dense.resolve(file))) {
                Files.copy(dense.resolve(file), target.resolve(file));
            }
        }
        return target;
    }

    /** As many of each KV group where the unit is a part of one. */
    private static int[] attention(LayerShape shape, int steps, Random random) {
        return IntStream.range(0, shape.unitsPerStep())
                .boxed()
                .flatMapToInt(group -> IntStream.of(some(steps, shape.attentionSteps(), random))
                        .map(step -> group * shape.attentionSteps() + step))
                .toArray();
    }

    private static int[] some(int count, int of, Random random) {
        List<Integer> all = new ArrayList<>(IntStream.range(0, of).boxed().toList());
        Collections.shuffle(all, random);
        return all.subList(0, count).stream().mapToInt(i -> i).sorted().toArray();
    }
}
