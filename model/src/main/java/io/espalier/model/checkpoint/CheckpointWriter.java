package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.Background;
import io.espalier.model.file.DiskSpace;
import io.espalier.model.file.DurableFile;
import io.espalier.model.file.StrictJson;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the weights of a checkpoint into a staging folder. The caller declares all tensors first and then writes their
 * bytes in any order, from any thread. The same tensors give the same files, byte for byte.
 */
public final class CheckpointWriter implements Closeable {
    /** A larger checkpoint is split into shards of this size, as transformers does it. */
    public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

    private static final Logger LOG = LoggerFactory.getLogger(CheckpointWriter.class);

    private record WeightFile(String name, FileChannel channel, TrailingDigest digest) {}

    private record Location(TensorInfo tensor, WeightFile file, long offset) {
        long end() {
            return offset + tensor.bytes();
        }
    }

    private final Path staging;
    private final Map<String, Location> locations = new LinkedHashMap<>();
    private final List<WeightFile> files = new ArrayList<>();
    private final ExecutorService digesting = Executors.newSingleThreadExecutor(Background.threads("digesting"));
    /** The number of bytes not yet written, for each tensor that is not complete. */
    private final Map<String, Long> missing = new HashMap<>();

    private CheckpointWriter(Path staging) {
        this.staging = staging;
    }

    /** Calls {@link #create(Path, List, long)} with shards of 5 GB. */
    public static CheckpointWriter create(Path staging, List<TensorInfo> tensors) {
        return create(staging, tensors, DEFAULT_SHARD_BYTES);
    }

    /**
     * Creates the weight files and writes their headers.
     *
     * @param staging folder, created if absent
     * @param tensors all tensors that will be written
     * @param shardBytes largest number of data bytes in one file, unless a single tensor is larger
     * @throws EspalierException {@code DISK_FULL} when the tensors do not fit on the disk
     */
    public static CheckpointWriter create(Path staging, List<TensorInfo> tensors, long shardBytes) {
        CheckpointWriter writer = new CheckpointWriter(staging);
        try {
            Files.createDirectories(staging);
            DiskSpace.require(
                    staging, tensors.stream().mapToLong(TensorInfo::bytes).sum());
            List<List<TensorInfo>> shards = shards(tensors, shardBytes);
            for (int i = 0; i < shards.size(); i++) {
                writer.begin(shards.size() == 1 ? Checkpoint.WEIGHTS : shardName(i, shards.size()), shards.get(i));
            }
            if (shards.size() > 1) {
                writer.index(shards);
            }
            return writer;
        } catch (IOException e) {
            writer.close();
            throw DiskSpace.failure(staging, e);
        } catch (RuntimeException e) {
            writer.close();
            throw e;
        }
    }

    private static List<List<TensorInfo>> shards(List<TensorInfo> tensors, long shardBytes) {
        List<List<TensorInfo>> shards = new ArrayList<>();
        shards.add(new ArrayList<>());
        long bytes = 0;
        for (TensorInfo tensor : tensors) {
            if (bytes > 0 && bytes + tensor.bytes() > shardBytes) {
                shards.add(new ArrayList<>());
                bytes = 0;
            }
            shards.get(shards.size() - 1).add(tensor);
            bytes += tensor.bytes();
        }
        // Tensors with wide elements come first, so that every tensor is aligned to its element size.
        shards.forEach(shard ->
                shard.sort(Comparator.comparingInt((TensorInfo t) -> -t.dtype().bytes())));
        return shards;
    }

    private static String shardName(int index, int count) {
        return "model-%05d-of-%05d.safetensors".formatted(index + 1, count);
    }

    private void begin(String file, List<TensorInfo> tensors) throws IOException {
        byte[] header = SafetensorsBytes.header(tensors, Map.of("format", "pt"));
        FileChannel channel = FileChannel.open(
                staging.resolve(file),
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        WeightFile weights = new WeightFile(file, channel, new TrailingDigest(channel));
        files.add(weights);
        DurableFile.writeFully(channel, ByteBuffer.wrap(header), 0);
        weights.digest().written(0, header.length);
        long offset = header.length;
        for (TensorInfo tensor : tensors) {
            if (locations.put(tensor.name(), new Location(tensor, weights, offset)) != null) {
                throw new IllegalArgumentException("tensor " + tensor.name() + " declared twice");
            }
            missing.put(tensor.name(), tensor.bytes());
            offset += tensor.bytes();
        }
    }

    private void index(List<List<TensorInfo>> shards) throws IOException {
        ObjectNode json = StrictJson.MAPPER.createObjectNode();
        json.putObject("metadata")
                .put(
                        "total_size",
                        shards.stream()
                                .flatMap(List::stream)
                                .mapToLong(TensorInfo::bytes)
                                .sum());
        ObjectNode weightMap = json.putObject("weight_map");
        for (int i = 0; i < shards.size(); i++) {
            for (TensorInfo tensor : shards.get(i)) {
                weightMap.put(tensor.name(), shardName(i, shards.size()));
            }
        }
        writeJson(ShardIndex.FILE, json);
    }

    /**
     * Writes a whole tensor: the remaining bytes of the buffer.
     *
     * @throws EspalierException {@code DISK_FULL}
     */
    public void write(String name, ByteBuffer bytes) {
        long expected = location(name).tensor().bytes();
        if (bytes.remaining() != expected) {
            throw new IllegalArgumentException(
                    "tensor " + name + " has " + expected + " bytes, given " + bytes.remaining());
        }
        append(name, bytes);
    }

    /**
     * Writes the next part of a tensor, after the parts written before. Only one thread at a time may write a tensor.
     *
     * @throws EspalierException {@code DISK_FULL}
     */
    public void append(String name, ByteBuffer bytes) {
        Cancellation.check();
        Location location = location(name);
        long count = bytes.remaining();
        long left = missing(name);
        if (count > left) {
            throw new IllegalArgumentException("tensor " + name + " lacks " + left + " bytes, given " + count);
        }
        try {
            DurableFile.writeFully(location.file().channel(), bytes, location.end() - left);
        } catch (IOException e) {
            throw DiskSpace.failure(staging, e);
        }
        written(location, count);
    }

    private synchronized long missing(String name) {
        return missing.getOrDefault(name, 0L);
    }

    private synchronized void written(Location location, long count) {
        String name = location.tensor().name();
        long left = missing(name) - count;
        if (left > 0) {
            missing.put(name, left);
        } else {
            missing.remove(name);
        }
        TrailingDigest digest = location.file().digest();
        long end = location.end() - left;
        digest.written(end - count, end);
        digesting.execute(() -> {
            try {
                digest.follow();
            } catch (IOException e) {
                // finish() meets the same failure again and reports it.
                LOG.debug("digesting in {}", staging, e);
            }
        });
    }

    /** Copies the files that a user needs besides config and weights: tokenizer and generation settings. */
    public void copyCompanions(Checkpoint from) {
        from.companions().forEach((name, file) -> {
            try {
                DurableFile.write(staging.resolve(name), Files.readAllBytes(file));
            } catch (IOException e) {
                throw DiskSpace.failure(staging, e);
            }
        });
    }

    /** Writes {@code config.json} and the Python files that it names. */
    public void writeConfig(WrittenConfig config) {
        writeJson(Checkpoint.CONFIG, config.json());
        config.code()
                .forEach((name, python) ->
                        DurableFile.write(staging.resolve(name), python.getBytes(StandardCharsets.UTF_8)));
    }

    /** Writes a JSON file into the folder of the weights, such as {@code config.json}. */
    public void writeJson(String file, ObjectNode json) {
        try {
            String text = StrictJson.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n";
            DurableFile.write(staging.resolve(file), text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw DiskSpace.failure(staging, e);
        }
    }

    /**
     * Makes the weights durable.
     *
     * @return SHA-256 of each weight file, by its name
     * @throws EspalierException {@code INTERNAL} naming a tensor that was declared and never written
     */
    public synchronized SortedMap<String, String> finish() {
        if (!missing.isEmpty()) {
            throw new EspalierException(
                    ErrorCode.INTERNAL,
                    "checkpoint: " + missing.size() + " tensors were not written, "
                            + missing.keySet().stream().sorted().findFirst().orElseThrow() + " among them");
        }
        Future<SortedMap<String, String>> digests = digesting.submit(this::digests);
        try {
            for (WeightFile file : files) {
                file.channel().force(true);
            }
            return digests.get();
        } catch (IOException e) {
            throw DiskSpace.failure(staging, e);
        } catch (ExecutionException e) {
            throw new EspalierException(ErrorCode.INTERNAL, "checkpoint: what was written cannot be read", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EspalierException(ErrorCode.INTERNAL, "checkpoint: interrupted while it was digested", e);
        } finally {
            close();
        }
    }

    private SortedMap<String, String> digests() throws IOException {
        SortedMap<String, String> digests = new TreeMap<>();
        for (WeightFile file : files) {
            file.digest().follow();
            digests.put(file.name(), file.digest().hex());
        }
        return digests;
    }

    private synchronized Location location(String name) {
        Location location = locations.get(name);
        if (location == null) {
            throw new IllegalArgumentException("tensor " + name + " was not declared");
        }
        if (!missing.containsKey(name)) {
            throw new IllegalArgumentException("tensor " + name + " was written before");
        }
        return location;
    }

    /** Closes the files. Unless {@link #finish()} was called, the staging folder holds no valid checkpoint. */
    @Override
    public void close() {
        digesting.shutdownNow();
        try {
            for (WeightFile file : files) {
                file.channel().close();
            }
        } catch (IOException e) {
            throw DiskSpace.failure(staging, e);
        }
    }
}
