package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.deploy.images.ServiceImage;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ObservabilityTest {
    private static final Path FOLDER = Repository.DEPLOY.resolve("observability");

    private record AlertFile(List<Group> groups) {}

    private record Group(String name, List<Alert> rules) {}

    private record Alert(
            String alert,
            String expr,
            @JsonProperty("for") String duration,
            Map<String, String> labels,
            Map<String, String> annotations) {}

    private record Scraping(
            Map<String, String> global,
            @JsonProperty("rule_files") List<String> ruleFiles,
            @JsonProperty("scrape_configs") List<Scrape> scrapeConfigs) {}

    private record Scrape(
            @JsonProperty("job_name") String jobName,
            @JsonProperty("metrics_path") String metricsPath,
            @JsonProperty("dns_sd_configs") List<Discovery> discoveries) {}

    private record Discovery(
            List<String> names,
            String type,
            int port,
            @JsonProperty("refresh_interval") String refreshInterval) {}

    @Test
    void everyAlertAsksForMetricsTheServicesHaveAndHasARunBook() {
        // Given
        String operations = Repository.text(GeneratedFiles.OPERATIONS);

        // When
        List<Alert> alerts = alerts();

        // Then
        assertThat(alerts).extracting(Alert::alert).doesNotHaveDuplicates().hasSize(7);
        assertThat(alerts).allSatisfy(alert -> {
            assertThat(MetricNames.in(alert.expr())).isNotEmpty().isSubsetOf(MetricNames.ALL);
            assertThat(alert.labels()).containsKey("severity");
            assertThat(alert.annotations()).containsOnlyKeys("summary", "description");
            assertThat(operations).contains("| `" + alert.alert() + "` |");
        });
    }

    @Test
    void everyFailureAnAlertNamesIsAnErrorCode() {
        // When
        List<String> codes = alerts().stream()
                .flatMap(alert -> Pattern.compile("code=\"([^\"]+)\"")
                        .matcher(alert.expr())
                        .results()
                        .map(match -> match.group(1)))
                .toList();

        // Then
        assertThat(codes)
                .isNotEmpty()
                .isSubsetOf(Stream.of(ErrorCode.values()).map(Enum::name).toList());
    }

    @Test
    void theDashboardShowsEveryMetricAndNoOther() {
        // Given
        JsonNode dashboard = Strict.documents(Repository.text(FOLDER.resolve("grafana/espalier.json")))
                .get(0);

        // When
        List<String> expressions = dashboard.findValuesAsText("expr");

        // Then
        assertThat(expressions)
                .allSatisfy(expression -> assertThat(MetricNames.in(expression)).isNotEmpty());
        assertThat(expressions.stream().flatMap(expression -> MetricNames.in(expression).stream()))
                .containsAll(MetricNames.ALL)
                .isSubsetOf(MetricNames.ALL);
    }

    @Test
    void prometheusFindsEveryServiceOnTheirPort() {
        // When
        Scraping scraping = Strict.read(Repository.text(FOLDER.resolve("prometheus.yaml")), Scraping.class);

        // Then
        Scrape services = scraping.scrapeConfigs().get(0);
        assertThat(services.metricsPath()).isEqualTo("/q/metrics");
        assertThat(services.discoveries().get(0).port()).isEqualTo(ServiceImage.HTTP_PORT);
        assertThat(services.discoveries().get(0).names())
                .containsExactlyElementsOf(TopicFile.declared().stages().stream()
                        .map(StageTopics::stage)
                        .toList());
    }

    private static List<Alert> alerts() {
        AlertFile file = Strict.read(Repository.text(FOLDER.resolve("alerts.yaml")), AlertFile.class);
        return file.groups().stream().flatMap(group -> group.rules().stream()).toList();
    }
}
