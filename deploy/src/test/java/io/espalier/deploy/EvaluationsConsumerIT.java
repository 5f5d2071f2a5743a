package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import io.espalier.cli.stack.EmbeddedBroker;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.ModelMeasurement;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class EvaluationsConsumerIT {
    @TempDir
    Path folder;

    @Test
    @Timeout(120)
    void theExampleRunsFromItsSourceAndPrintsEvaluationsInEitherForm() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder)) {
            // Given
            Map<String, Object> kafka = Map.of("bootstrap.servers", broker.bootstrap());
            try (Admin admin = Admin.create(kafka)) {
                TopicCatalog.load("").createMissing(admin, 1);
            }
            try (var producer = new KafkaProducer<>(kafka, new StringSerializer(), new ByteArraySerializer())) {
                EvaluationReport report = report();
                producer.send(new ProducerRecord<>("evaluations", 0, "my-job", report.toByteArray()))
                        .get();
                byte[] json = JsonFormat.printer().print(report).getBytes(StandardCharsets.UTF_8);
                var inJson = new ProducerRecord<>("evaluations", 0, "my-job", json);
                inJson.headers().add("content-type", "application/json".getBytes(StandardCharsets.UTF_8));
                producer.send(inJson).get();
            }

            // When
            Process example = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Repository.DEPLOY
                                    .resolve("examples/EvaluationsConsumer.java")
                                    .toString(),
                            broker.bootstrap())
                    .redirectErrorStream(true)
                    .start();

            // Then
            try (var output =
                    new BufferedReader(new InputStreamReader(example.getInputStream(), StandardCharsets.UTF_8))) {
                assertThat(output.lines()
                                .filter(line -> line.startsWith("my-job"))
                                .limit(2))
                        .hasSize(2)
                        .containsOnly(
                                "my-job pruned/llama: 75% of the parameters, perplexity 27.500 instead of 26.000");
            } finally {
                example.destroyForcibly().waitFor();
            }
        }
    }

    private static EvaluationReport report() {
        return EvaluationReport.newBuilder()
                .setJobId("my-job")
                .setOutput("pruned/llama")
                .setDense(ModelMeasurement.newBuilder().setParameters(4000).setPerplexity(26))
                .setPruned(ModelMeasurement.newBuilder().setParameters(3000).setPerplexity(27.5))
                .build();
    }
}
