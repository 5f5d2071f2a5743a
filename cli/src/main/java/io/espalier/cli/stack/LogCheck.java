package io.espalier.cli.stack;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.record.internal.FileLogInputStream.FileChannelRecordBatch;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.storage.internals.checkpoint.CleanShutdownFileHandler;
import org.apache.kafka.storage.internals.checkpoint.OffsetCheckpointFile;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.LogFileUtils;
import org.jspecify.annotations.Nullable;

/**
 * Looks for damage in the log of a broker that does not run. The broker itself would say nothing: it does not look at a log that
 * was closed in an orderly way, and of any other log it drops what follows the first bad batch.
 *
 * <p>The check reads every batch of every partition and compares its checksum. It also compares where a partition ends with the
 * offsets that it is known to have reached: the broker stores up to where it forced each partition to the disk, and writes a
 * snapshot of a partition's producers when it closes it. A partition that ends earlier was cut off.
 *
 * <p>A broker that was killed may leave an unfinished batch at the end of a partition. That is no damage, because no client was
 * told that the batch is stored. The broker removes it when it starts.
 *
 * <p>The check cannot see that a whole segment file is missing at the beginning or in the middle of a partition, because the
 * broker deletes old segments too.
 */
final class LogCheck {
    /** Far more than the broker accepts in one batch, which is a megabyte. A larger size is garbage, and is not read. */
    private static final int LARGEST_BATCH = 64 << 20;

    private static final String END_OFFSETS = "recovery-point-offset-checkpoint";
    /** The partition that says which topics there are. A broker that does not find a topic there deletes the topic's records. */
    private static final String METADATA = "__cluster_metadata-0";
    /** The end of the name of a snapshot of the cluster's metadata, which holds batches as a segment does. */
    private static final String SNAPSHOT = ".checkpoint";

    private final Path log;
    private final boolean closedOrderly;
    private final Map<String, Long> ends;
    private final List<Damage> damages = new ArrayList<>();

    /**
     * @param partition topic and partition as Kafka names its folder, or the name of a file of the whole log
     * @param what is wrong and from which offset on records are lost
     */
    record Damage(String partition, String what) {
        @Override
        public String toString() {
            return partition + ": " + what;
        }
    }

    /**
     * @param end offset of the next record after the last intact batch
     * @param rest bytes behind the last intact batch
     * @param fault why the batch behind the last intact one is bad; null if there is none, or if it is not complete
     */
    private record Reading(
            Path file, long end, long rest, @Nullable String fault) {
        boolean isWhole() {
            return rest == 0;
        }

        String damage() {
            return "the last %,d bytes of %s are damaged (%s); records from offset %,d on can no longer be read"
                    .formatted(rest, file.getFileName(), fault == null ? "cut off" : fault, end);
        }
    }

    private LogCheck(Path log) {
        this.log = log;
        this.closedOrderly = new CleanShutdownFileHandler(log.toString()).exists();
        this.ends = storedEnds();
    }

    /**
     * The damages of a log, ordered by partition; empty if the log is intact or absent.
     *
     * @param log the folder that holds a folder for each partition
     */
    static List<Damage> damages(Path log) throws IOException {
        if (!Files.isDirectory(log)) {
            return List.of();
        }
        LogCheck check = new LogCheck(log);
        check.partitions();
        return List.copyOf(check.damages);
    }

    /** The offsets up to which the broker had forced the partitions to the disk, by the names of their folders. */
    private Map<String, Long> storedEnds() {
        Map<String, Long> stored = new TreeMap<>();
        File file = log.resolve(END_OFFSETS).toFile();
        if (file.exists()) {
            try {
                new OffsetCheckpointFile(file, new LogDirFailureChannel(1))
                        .read()
                        .forEach((partition, end) -> stored.put(partition.toString(), end));
            } catch (IOException | RuntimeException e) {
                damages.add(new Damage(END_OFFSETS, "cannot be read (%s)".formatted(e.getMessage())));
            }
        }
        return stored;
    }

    private void partitions() throws IOException {
        NavigableSet<String> partitions = new TreeSet<>(ends.keySet());
        try (Stream<Path> children = Files.list(log)) {
            children.filter(Files::isDirectory)
                    .map(folder -> folder.getFileName().toString())
                    .filter(name -> !isGoingAway(name))
                    .forEach(partitions::add);
        }
        if (!partitions.isEmpty()) {
            partitions.add(METADATA);
        }
        for (String partition : partitions) {
            damage(partition, log.resolve(partition)).ifPresent(what -> damages.add(new Damage(partition, what)));
        }
    }

    /** Whether the broker is deleting or replacing the folder of a partition. */
    private static boolean isGoingAway(String name) {
        return Stream.of(LogFileUtils.DELETE_DIR_SUFFIX, LogFileUtils.FUTURE_DIR_SUFFIX, LogFileUtils.STRAY_DIR_SUFFIX)
                .anyMatch(name::endsWith);
    }

    private Optional<String> damage(String partition, Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return Optional.of("its folder is missing; all its records are lost");
        }
        for (Path snapshot : files(folder, SNAPSHOT)) {
            Reading reading = read(snapshot, 0);
            if (!reading.isWhole()) {
                return Optional.of(reading.damage());
            }
        }
        long end = 0;
        List<Path> segments = files(folder, LogFileUtils.LOG_FILE_SUFFIX);
        for (Path segment : segments) {
            Reading reading = read(segment, Math.max(end, offset(segment)));
            boolean mayBeUnfinished = !closedOrderly && segment.equals(segments.get(segments.size() - 1));
            if (mayBeUnfinished ? reading.fault() != null : !reading.isWhole()) {
                return Optional.of(reading.damage());
            }
            end = reading.end();
        }
        long reached = Math.max(ends.getOrDefault(partition, partition.equals(METADATA) ? 1L : 0L), lastClose(folder));
        if (end < reached) {
            return Optional.of(
                    "ends at offset %,d instead of %,d; the records between are lost".formatted(end, reached));
        }
        // The metadata are closed last, so the broker may have been killed before that.
        return closedOrderly && end > reached && !partition.equals(METADATA)
                ? Optional.of("ends at offset %,d instead of %,d; its last records are damaged".formatted(end, reached))
                : Optional.empty();
    }

    /** The offset at which a partition ended when the broker last closed it or began a new segment; 0 if it never did. */
    private static long lastClose(Path folder) throws IOException {
        return files(folder, LogFileUtils.PRODUCER_SNAPSHOT_FILE_SUFFIX).stream()
                .mapToLong(LogCheck::offset)
                .max()
                .orElse(0);
    }

    private static List<Path> files(Path folder, String suffix) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(file -> file.getFileName().toString().endsWith(suffix))
                    .sorted()
                    .toList();
        }
    }

    /** The offset in the name of a file: of the first record of a segment, or of a snapshot of producers. */
    private static long offset(Path file) {
        return LogFileUtils.offsetFromFileName(file.getFileName().toString());
    }

    /**
     * Reads a file up to its first bad or unfinished batch.
     *
     * @param begin the lowest offset that its first record may have
     */
    private static Reading read(Path file, long begin) throws IOException {
        long end = begin;
        int epoch = RecordBatch.NO_PARTITION_LEADER_EPOCH;
        long rest = Files.size(file);
        try (FileRecords records = FileRecords.open(file.toFile(), false)) {
            for (FileChannelRecordBatch batch : records.batches()) {
                String fault = fault(batch, end, epoch);
                if (fault != null) {
                    return new Reading(file, end, rest, fault);
                }
                end = batch.nextOffset();
                epoch = batch.partitionLeaderEpoch();
                rest -= batch.sizeInBytes();
            }
            return new Reading(file, end, rest, null);
        } catch (KafkaException e) {
            return new Reading(file, end, rest, String.valueOf(e.getMessage()));
        }
    }

    /**
     * What is wrong with a batch, if anything is. The checksum does not cover the beginning of a batch, so its fields are
     * compared with those of the batch before.
     *
     * @param end offset after the batch before
     * @param epoch leader epoch of the batch before
     */
    private static @Nullable String fault(FileChannelRecordBatch batch, long end, int epoch) {
        if (batch.sizeInBytes() > LARGEST_BATCH) {
            return "a batch of %,d bytes".formatted(batch.sizeInBytes());
        }
        if (batch.magic() != RecordBatch.CURRENT_MAGIC_VALUE) {
            return "a batch of the unknown version " + batch.magic();
        }
        batch.ensureValid();
        if (batch.baseOffset() < end || batch.partitionLeaderEpoch() < epoch) {
            return "a batch with offset %,d and leader epoch %,d"
                    .formatted(batch.baseOffset(), batch.partitionLeaderEpoch());
        }
        return null;
    }
}
