package io.espalier.pipeline.runtime;

import io.espalier.pipeline.topic.EventsFormat;
import java.util.Properties;

/**
 * How a stage runs in this process.
 *
 * @param kafka connection settings: bootstrap servers, security
 * @param topicPrefix put before every topic and group name; may be empty
 * @param workerName names this process in results
 * @param overdueMillis silence of a started task after which it is issued again
 * @param rememberMillis how long a settled job is remembered
 * @param transactionTimeoutMillis how long readers wait for a stage that died in a transaction
 * @param eventsFormat of the facts and events that are for users too
 */
public record StageSettings(
        Properties kafka,
        String topicPrefix,
        String workerName,
        long overdueMillis,
        long rememberMillis,
        int transactionTimeoutMillis,
        EventsFormat eventsFormat) {}
