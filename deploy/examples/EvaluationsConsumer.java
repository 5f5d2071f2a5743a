import com.google.protobuf.util.JsonFormat;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.ModelMeasurement;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Prints one line for each checkpoint that was evaluated, from the first there ever was, until it is stopped.
 *
 * <pre>
 * java -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp 'cli/target/lib/*' \
 *     deploy/examples/EvaluationsConsumer.java localhost:9092
 * </pre>
 */
public final class EvaluationsConsumer {
    private EvaluationsConsumer() {}

    /** @param arguments bootstrap servers, and the consumer group if it is not "client-evaluations" */
    public static void main(String[] arguments) throws Exception {
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", arguments[0],
                "group.id", arguments.length > 1 ? arguments[1] : "client-evaluations",
                "auto.offset.reset", "earliest",
                // Without this, reports of transactions that never came to an end would be seen too.
                "isolation.level", "read_committed");
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of("evaluations"));
            while (true) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    EvaluationReport report = report(record);
                    System.out.println(line(report));
                    // A request with several budgets is one job with several checkpoints.
                    report.getFurtherList().forEach(further -> System.out.println(line(further)));
                }
            }
        }
    }

    /** An installation writes either form, and what it wrote before it was told otherwise stays. */
    private static EvaluationReport report(ConsumerRecord<String, byte[]> record) throws Exception {
        Header type = record.headers().lastHeader("content-type");
        if (type == null || !new String(type.value(), StandardCharsets.UTF_8).equals("application/json")) {
            return EvaluationReport.parseFrom(record.value());
        }
        EvaluationReport.Builder report = EvaluationReport.newBuilder();
        JsonFormat.parser().ignoringUnknownFields().merge(new String(record.value(), StandardCharsets.UTF_8), report);
        return report.build();
    }

    private static String line(EvaluationReport report) {
        ModelMeasurement dense = report.getDense();
        ModelMeasurement pruned = report.getPruned();
        return "%s %s: %.0f%% of the parameters, perplexity %.3f instead of %.3f"
                .formatted(
                        report.getJobId(),
                        report.getOutput(),
                        100.0 * pruned.getParameters() / dense.getParameters(),
                        pruned.getPerplexity(),
                        dense.getPerplexity());
    }
}
