package io.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Timestamps;
import io.espalier.cli.stack.EmbeddedBroker;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.pipeline.worker.WorkerPresence;
import io.espalier.v1.WorkerBeat;
import io.espalier.v1.WorkerState;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands about workers against a real broker, to which one worker beats and on which another has fallen silent. */
class WorkerCommandsIT {
    private static final WorkerBeat ALIVE = WorkerBeat.newBuilder()
            .setWorkerId("alive")
            .setService("scorer")
            .setState(WorkerState.READY)
            .build();

    @TempDir
    static Path folder;

    private static EmbeddedBroker broker;
    private static WorkerPresence presence;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @BeforeAll
    static void twoWorkersHaveSpoken() throws Exception {
        broker = EmbeddedBroker.start(folder);
        Properties client = new Properties();
        client.setProperty("bootstrap.servers", broker.bootstrap());
        TopicCatalog topics = TopicCatalog.load("");
        try (Admin admin = Admin.create(client)) {
            topics.createMissing(admin, 1);
        }
        WorkerBeat silent = WorkerBeat.newBuilder()
                .setWorkerId("silent")
                .setService("pruner")
                .setAt(Timestamps.fromMillis(System.currentTimeMillis() - 60_000))
                .build();
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrap()), new StringSerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>("workers", "silent", silent.toByteArray()))
                    .get();
        }
        presence = new WorkerPresence(client, topics, () -> ALIVE);
        presence.start();
    }

    @AfterAll
    static void stopTheBroker() {
        presence.close();
        broker.close();
    }

    @Test
    void theListShowsWhoIsAliveAndWhoIsLost() {
        // When
        int exitCode = run("workers");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.OK);
        assertThat(out()).containsPattern("silent +pruner +lost").containsPattern("alive +scorer +ready");
    }

    @Test
    void aWorkerIsShownToMachinesAsItsLastBeat() {
        // When
        int exitCode = run("worker", "alive", "--json");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.OK);
        assertThat(out()).hasLineCount(1).contains("\"worker_id\":\"alive\"", "\"lost\":false");
    }

    @Test
    void drainingPublishesACommandForTheWorker() {
        // When
        int exitCode = run("drain", "alive");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.OK);
        out.reset();
        run("tail", "worker-commands", "--until-now");
        assertThat(out()).contains("{\"worker_id\":\"alive\",\"drain\":{},\"by\":\"\"}");
    }

    @Test
    void aWorkerNobodyKnowsIsNotToldAnything() {
        // When
        int exitCode = run("pause", "nobody");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.INVALID);
        assertThat(err()).hasLineCount(1).contains("NOT_FOUND", "nobody");
    }

    @Test
    void aLostWorkerIsNotToldAnything() {
        // When
        int exitCode = run("resume", "silent");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.INVALID);
        assertThat(err()).hasLineCount(1).contains("WORKER_LOST", "silent");
    }

    private int run(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--bootstrap", broker.bootstrap()));
        Console console = new Console(print(out), print(err), false);
        return Espalier.commandLine(console).execute(all.toArray(String[]::new));
    }

    private static PrintStream print(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
