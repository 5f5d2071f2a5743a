package io.espalier.pipeline.queue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;

/**
 * Settings of a share group that live on the broker. They must be there before the first task is published: by default
 * a new group starts at the end of the topic and reads aborted records.
 */
public final class ShareGroup {
    /** Deliveries after which the broker would drop a task silently; workers fail the job before that. */
    static final int DELIVERY_LIMIT = 10;

    private static final Map<String, String> SETTINGS = Map.of(
            "share.auto.offset.reset", "earliest",
            "share.isolation.level", "read_committed",
            "share.record.lock.duration.ms", "15000",
            "share.delivery.count.limit", Integer.toString(DELIVERY_LIMIT));

    private ShareGroup() {}

    public static void configure(Admin admin, String group) {
        Collection<AlterConfigOp> operations = new ArrayList<>();
        SETTINGS.forEach((name, value) ->
                operations.add(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET)));
        ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
        try {
            admin.incrementalAlterConfigs(Map.of(resource, List.copyOf(operations)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new KafkaException("cannot configure the share group " + group, e.getCause());
        } catch (TimeoutException e) {
            throw new KafkaException("cannot configure the share group " + group + " within 30 s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException(e);
        }
    }
}
