package io.espalier.pipeline.queue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.common.KafkaException;

/**
 * What a cluster must have switched on. A new cluster has; one that was upgraded keeps the levels it had, and without them
 * workers would take no task and nothing would say so.
 */
public final class KafkaFeatures {
    /** Task queues are share groups, and stages are streams groups. */
    private static final List<String> NEEDED = List.of("share.version", "streams.version");

    private KafkaFeatures() {}

    /** @throws KafkaException naming the feature that is off, and the command that switches it on */
    public static void require(Admin admin) {
        Map<String, FinalizedVersionRange> levels = levels(admin);
        for (String feature : NEEDED) {
            FinalizedVersionRange level = levels.get(feature);
            if (level == null || level.maxVersionLevel() < 1) {
                throw new KafkaException(
                        "the cluster's feature %s is off; switch it on: kafka-features.sh --bootstrap-server HOST:PORT upgrade --feature %s=1"
                                .formatted(feature, feature));
            }
        }
    }

    private static Map<String, FinalizedVersionRange> levels(Admin admin) {
        try {
            return admin.describeFeatures()
                    .featureMetadata()
                    .get(30, TimeUnit.SECONDS)
                    .finalizedFeatures();
        } catch (ExecutionException e) {
            throw new KafkaException("cannot ask for the cluster's features", e.getCause());
        } catch (TimeoutException e) {
            throw new KafkaException("cannot ask for the cluster's features within 30 s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException(e);
        }
    }
}
