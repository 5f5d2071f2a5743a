package io.espalier.model.checkpoint;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.AttentionUnit;
import io.espalier.model.file.Digests;
import io.espalier.model.file.Quoted;
import io.espalier.model.file.RegularFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A checkpoint folder: {@code config.json} and the weights, in one file or in shards. Opening it checks the config, the
 * shard index and the headers of the weight files. Tensor bytes are read when they are asked for, from any thread.
 */
public final class Checkpoint implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(Checkpoint.class);
    static final String WEIGHTS = "model.safetensors";
    public static final String CONFIG = "config.json";

    private static final List<String> COMPANIONS = List.of(
            "tokenizer.json",
            "tokenizer_config.json",
            "tokenizer.model",
            "tokenizer.model.v3",
            "tekken.json",
            "spiece.model",
            "vocab.json",
            "merges.txt",
            "special_tokens_map.json",
            "added_tokens.json",
            "chat_template.jinja",
            "chat_template.json",
            "preprocessor_config.json",
            "processor_config.json",
            "video_preprocessor_config.json",
            "generation_config.json");

    /** Under what terms a model may be used: {@code LICENSE}, {@code NOTICE.txt}, {@code USE_POLICY.md} and the like. */
    private static final Pattern TERMS = Pattern.compile(
            "(license|licence|notice|copying|use_policy)([-._][a-z0-9._-]{1,40})?", Pattern.CASE_INSENSITIVE);

    /** More than any text of terms has. Something else under such a name is left behind. */
    private static final long MAX_TERMS_BYTES = 4_000_000;

    /** What a model hub shows of a checkpoint. */
    public static final String CARD = "README.md";

    private static final LongAdder BYTES_READ = new LongAdder();

    private record Location(TensorInfo tensor, Shard shard, long offset) {}

    private record Shard(String name, Path path, FileChannel channel) {}

    /** Elements [first, first + elements) of a tensor. */
    private record Part(String tensor, long first, long elements) {}

    private final Path folder;
    private final Path realRoot;
    private final ModelConfig config;
    private final List<Shard> shards;
    private final Map<String, Location> locations = new LinkedHashMap<>();
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final List<String> ignored = new ArrayList<>();
    private final Set<Part> finite = ConcurrentHashMap.newKeySet();

    private Checkpoint(Path folder, Path realRoot, ModelConfig config, List<Shard> shards) {
        this.folder = folder;
        this.realRoot = realRoot;
        this.config = config;
        this.shards = shards;
    }

    /**
     * Opens a folder that holds all its files itself.
     *
     * @throws EspalierException {@code MODEL_NOT_FOUND} when the folder holds no checkpoint, {@code MODEL_CORRUPT},
     *     {@code MODEL_UNSUPPORTED}, or {@code MODEL_URI_FORBIDDEN} when a file leads outside
     */
    public static Checkpoint open(Path folder) {
        return open(folder, folder);
    }

    /**
     * Opens a folder whose files may be links to anywhere inside a root, as in a model cache.
     *
     * @param root folder that every link must lead into
     */
    public static Checkpoint open(Path folder, Path root) {
        return open(folder, root, AttentionUnit.KV_GROUP);
    }

    /**
     * The same for scoring and removing units.
     *
     * @param unit what of attention is scored and removed as one
     */
    public static Checkpoint open(Path folder, Path root, AttentionUnit unit) {
        if (!Files.isDirectory(folder)) {
            throw new EspalierException(ErrorCode.MODEL_NOT_FOUND, "model: no such checkpoint folder");
        }
        List<Shard> shards = new ArrayList<>();
        try {
            Path realRoot = root.toRealPath();
            if (!Files.exists(folder.resolve(CONFIG))) {
                throw new EspalierException(
                        ErrorCode.MODEL_NOT_FOUND, "model: the folder has no config.json, so it is no checkpoint");
            }
            ModelConfig config =
                    ModelConfig.read(contained(folder, CONFIG, realRoot)).in(unit);
            Checkpoint checkpoint = new Checkpoint(folder, realRoot, config, shards);
            if (Files.exists(folder.resolve(WEIGHTS))) {
                checkpoint.add(contained(folder, WEIGHTS, realRoot), WEIGHTS, null);
            } else if (Files.exists(folder.resolve(ShardIndex.FILE))) {
                checkpoint.addShards(ShardIndex.read(contained(folder, ShardIndex.FILE, realRoot)));
            } else {
                throw noWeights(folder);
            }
            return checkpoint;
        } catch (IOException e) {
            closeAll(shards);
            throw new EspalierException(ErrorCode.INTERNAL, "model: the checkpoint folder cannot be read", e);
        } catch (RuntimeException e) {
            closeAll(shards);
            throw e;
        }
    }

    private static EspalierException noWeights(Path folder) {
        if (Files.exists(folder.resolve("pytorch_model.bin"))
                || Files.exists(folder.resolve("pytorch_model.bin.index.json"))) {
            return new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "pytorch_model.bin: pickled weights are not read; convert the checkpoint to safetensors");
        }
        return new EspalierException(
                ErrorCode.MODEL_NOT_FOUND, "model: the folder has neither " + WEIGHTS + " nor " + ShardIndex.FILE);
    }

    private static Path contained(Path folder, String name, Path realRoot) throws IOException {
        return contained(folder, name, name, realRoot);
    }

    /** @param what the file is, for messages */
    private static Path contained(Path folder, String name, String what, Path realRoot) throws IOException {
        Path real = RegularFile.require(folder.resolve(name), ErrorCode.MODEL_CORRUPT, what)
                .toRealPath();
        if (!real.startsWith(realRoot)) {
            throw new EspalierException(ErrorCode.MODEL_URI_FORBIDDEN, what + ": a link that leads outside its root");
        }
        return real;
    }

    private void addShards(ShardIndex index) throws IOException {
        for (String shard : index.shards()) {
            String named = ShardIndex.FILE + ": shard " + shard;
            add(contained(folder, shard, named, realRoot), shard, index);
        }
        // One that is needed is missed where its layer is laid out; the others only show that the index is not right.
        index.shardOf().keySet().stream()
                .filter(tensor -> !tensors.containsKey(tensor) && !dropped(tensor))
                .forEach(tensor -> ignored.add("%s lists %s, which is not in %s"
                        .formatted(
                                ShardIndex.FILE,
                                Quoted.of(tensor),
                                index.shardOf().get(tensor))));
    }

    private void add(Path path, String name, @Nullable ShardIndex index) throws IOException {
        Shard shard = new Shard(name, path, FileChannel.open(path, StandardOpenOption.READ));
        shards.add(shard);
        for (SafetensorsHeader.Entry entry : SafetensorsHeader.read(shard.channel(), name)) {
            String tensor = entry.tensor().name();
            StoredNames.requireDense(tensor);
            if (dropped(tensor)) {
                ignored.add("%s is a buffer that the model's code makes itself".formatted(Quoted.of(tensor)));
                continue;
            }
            if (index != null && !name.equals(index.shardOf().get(tensor))) {
                ignored.add("%s lies in %s, which %s does not say".formatted(Quoted.of(tensor), name, ShardIndex.FILE));
                continue;
            }
            locations.put(tensor, new Location(entry.tensor(), shard, entry.offset()));
            tensors.put(tensor, entry.tensor());
        }
    }

    private boolean dropped(String tensor) {
        return StoredNames.isBuffer(tensor) && (!config.isMultimodal() || StoredNames.isOfLanguageModel(tensor));
    }

    public Path folder() {
        return folder;
    }

    /**
     * The files that a user needs besides config and weights, as far as the folder has them: tokenizer, generation settings
     * and the terms of use.
     *
     * @return real paths by name
     * @throws EspalierException as {@link #file}
     */
    public SortedMap<String, Path> companions() {
        SortedMap<String, Path> companions = new TreeMap<>();
        COMPANIONS.stream()
                .filter(name -> Files.exists(folder.resolve(name)))
                .forEach(name -> companions.put(name, file(name)));
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = file.getFileName().toString();
                if (TERMS.matcher(name).matches() && Files.size(file) <= MAX_TERMS_BYTES) {
                    companions.put(name, file(name));
                }
            }
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, "model: the checkpoint folder cannot be read", e);
        }
        return companions;
    }

    /** The text that a model hub shows of the checkpoint, with its license among other things; empty if there is none. */
    public Optional<Path> card() {
        return Files.isRegularFile(folder.resolve(CARD)) ? Optional.of(file(CARD)) : Optional.empty();
    }

    /**
     * Every file of the folder that is read or copied: config, index, weights, companions and card.
     *
     * @return their names
     * @throws EspalierException as {@link #file}
     */
    public SortedSet<String> inputs() {
        SortedSet<String> inputs = new TreeSet<>(companions().keySet());
        inputs.add(CONFIG);
        card().ifPresent(file -> inputs.add(CARD));
        shards.forEach(shard -> inputs.add(shard.name()));
        if (!inputs.contains(WEIGHTS)) {
            inputs.add(ShardIndex.FILE);
        }
        return inputs;
    }

    /**
     * A file beside the weights, such as {@code tokenizer.json}.
     *
     * @throws EspalierException {@code MODEL_CORRUPT} naming a missing file, {@code MODEL_URI_FORBIDDEN} when it leads
     *     outside
     */
    public Path file(String name) {
        try {
            return contained(folder, name, realRoot);
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, name + ": cannot be read", e);
        }
    }

    public ModelConfig config() {
        return config;
    }

    /** Every tensor by name, in file order. */
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** What of the checkpoint is neither read nor copied, in words; empty for most. */
    public List<String> ignored() {
        return Collections.unmodifiableList(ignored);
    }

    /**
     * Tensors of decoder layers that are stored and not among those named: biases that the config does not declare, layers
     * beyond its number.
     *
     * @param known names of the tensors that the model computes with
     */
    public List<String> unknownInLayers(Set<String> known) {
        return tensors.keySet().stream()
                .filter(tensor -> StoredNames.isInALayer(tensor) && !known.contains(tensor))
                .toList();
    }

    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    /** @throws EspalierException {@code MODEL_CORRUPT} naming a tensor that is missing */
    public TensorInfo tensor(String name) {
        return location(name).tensor();
    }

    /** Weight files, in name order. */
    public List<Path> files() {
        return shards.stream().map(Shard::path).toList();
    }

    /** SHA-256 of config and weight files together, see {@link Digests#sha256(List)}. */
    public String sha256() {
        List<Path> all = new ArrayList<>();
        all.add(file(CONFIG));
        all.addAll(files());
        return Digests.sha256(all);
    }

    /** Size of all weight files together, in bytes. */
    public long bytes() {
        try {
            long bytes = 0;
            for (Shard shard : shards) {
                bytes += shard.channel().size();
            }
            return bytes;
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, "model: weight files cannot be read", e);
        }
    }

    /** Tensor bytes that this process has read from all checkpoints. */
    public static long bytesRead() {
        return BYTES_READ.sum();
    }

    /** Reads a whole tensor and fills the buffer. The buffer must have exactly the tensor's bytes remaining. */
    public void read(String name, ByteBuffer target) {
        TensorInfo tensor = tensor(name);
        if (target.remaining() != tensor.bytes()) {
            throw new IllegalArgumentException(
                    "tensor " + name + " has " + tensor.bytes() + " bytes, buffer " + target.remaining());
        }
        read(name, 0, target);
    }

    /**
     * Reads as many bytes of a tensor as the buffer has remaining, and fills the buffer.
     *
     * @param byteOffset from the tensor's first byte
     * @throws EspalierException {@code MODEL_CORRUPT} when the file was cut after it was opened
     */
    public void read(String name, long byteOffset, ByteBuffer target) {
        Location location = location(name);
        if (byteOffset < 0
                || byteOffset + target.remaining() > location.tensor().bytes()) {
            throw new IllegalArgumentException(
                    "bytes [%d, %d) outside tensor %s".formatted(byteOffset, byteOffset + target.remaining(), name));
        }
        long position = location.offset() + byteOffset;
        try {
            while (target.hasRemaining()) {
                int count = location.shard().channel().read(target, position);
                if (count < 0) {
                    throw cut(location);
                }
                position += count;
                BYTES_READ.add(count);
            }
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, "tensor " + Quoted.of(name) + ": cannot be read", e);
        }
    }

    /** Whether {@link #rememberFinite} was called for exactly these elements, so that they need no second check. */
    public boolean knownFinite(String name, long first, long elements) {
        return finite.contains(new Part(name, first, elements));
    }

    /**
     * Remembers, while the checkpoint is open, that the elements [first, first + elements) hold no NaN and no infinity.
     */
    public void rememberFinite(String name, long first, long elements) {
        finite.add(new Part(name, first, elements));
    }

    private static EspalierException cut(Location location) {
        return new EspalierException(
                ErrorCode.MODEL_CORRUPT,
                "%s: cut inside tensor %s"
                        .formatted(
                                location.shard().path().getFileName(),
                                Quoted.of(location.tensor().name())));
    }

    private Location location(String name) {
        Location location = locations.get(name);
        if (location == null) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT, "tensor " + Quoted.of(name) + ": missing from the checkpoint");
        }
        return location;
    }

    @Override
    public void close() {
        closeAll(shards);
    }

    private static void closeAll(List<Shard> shards) {
        for (Shard shard : shards) {
            try {
                shard.channel().close();
            } catch (IOException e) {
                // The file was opened for reading only, so no data is lost.
                LOG.warn("closing {}", shard.path(), e);
            }
        }
    }
}
