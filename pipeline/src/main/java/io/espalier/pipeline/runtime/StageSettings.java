package io.espalier.pipeline.runtime;

import io.espalier.pipeline.topic.EventsFormat;
import java.time.Duration;
import java.util.Properties;

/**
 * How a stage runs in this process.
 *
 * @param kafka connection settings: bootstrap servers, security
 * @param topicPrefix put before every topic and group name; may be empty
 * @param workerName names this process in results and among the workers
 * @param host machine or container this process runs on
 * @param threads of one matrix product
 * @param jobsUnderWay jobs the stage works on at a time; the others wait for their turn
 * @param jobsWaiting jobs that may wait where requests come in; more are refused
 * @param overdueMillis silence of a started task after which it is issued again
 * @param rememberMillis how long a settled job is remembered
 * @param transactionTimeoutMillis how long readers wait for a stage that died in a transaction
 * @param drainGrace how long a task that does not report is waited for when it is to be given back
 * @param stopLimit how long work may go on after its job has ended before this process is to be replaced
 * @param eventsFormat of the facts and events that are for users too
 */
public record StageSettings(
        Properties kafka,
        String topicPrefix,
        String workerName,
        String host,
        int threads,
        int jobsUnderWay,
        int jobsWaiting,
        long overdueMillis,
        long rememberMillis,
        int transactionTimeoutMillis,
        Duration drainGrace,
        Duration stopLimit,
        EventsFormat eventsFormat) {}
