package io.espalier.pipeline.topic;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.config.TopicConfig;

/**
 * One topic as declared.
 *
 * @param name without the configured prefix
 * @param retentionHours -1 keeps everything
 * @param compacted of each key only the newest record is kept
 */
public record Topic(String name, int partitions, long retentionHours, boolean compacted) {
    private static final long COMPACTED_SEGMENT_MILLIS = TimeUnit.MINUTES.toMillis(10);

    /** Settings of the topic on the broker, by their names there. */
    public Map<String, String> settings() {
        Map<String, String> settings = new TreeMap<>();
        settings.put(
                TopicConfig.RETENTION_MS_CONFIG,
                Long.toString(retentionHours < 0 ? -1 : TimeUnit.HOURS.toMillis(retentionHours)));
        settings.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(TopicCatalog.MAX_RECORD_BYTES));
        if (compacted) {
            // The segment being written is never compacted, and every reader begins with the oldest.
            settings.put(TopicConfig.CLEANUP_POLICY_CONFIG, "compact,delete");
            settings.put(TopicConfig.SEGMENT_MS_CONFIG, Long.toString(COMPACTED_SEGMENT_MILLIS));
        }
        return settings;
    }
}
