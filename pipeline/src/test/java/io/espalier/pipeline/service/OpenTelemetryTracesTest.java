package io.espalier.pipeline.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.pipeline.telemetry.Traces;
import io.espalier.pipeline.topic.CloudEventHeaders;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

class OpenTelemetryTracesTest {
    private static final String USERS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private final List<SpanData> spans = new ArrayList<>();
    private final Traces traces = new OpenTelemetryTraces(
            SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(new Kept()))
                    .build()
                    .get("test"),
            "scorer");

    private final class Kept implements SpanExporter {
        @Override
        public CompletableResultCode export(Collection<SpanData> ended) {
            spans.addAll(ended);
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode shutdown() {
            return CompletableResultCode.ofSuccess();
        }
    }

    @Test
    void theNextSpanFollowsFromTheRecordOfTheOneBefore() {
        // Given
        Headers request = new RecordHeaders().add("traceparent", USERS.getBytes(StandardCharsets.UTF_8));

        // When
        Headers task = record(request, "decide");
        record(task, "score-layer");

        // Then
        assertThat(spans).extracting(SpanData::getName).containsExactly("scorer decide", "scorer score-layer");
        assertThat(spans).extracting(SpanData::getTraceId).containsOnly(USERS.substring(3, 35));
        assertThat(spans.get(0).getParentSpanId()).isEqualTo(USERS.substring(36, 52));
        assertThat(spans.get(1).getParentSpanId()).isEqualTo(spans.get(0).getSpanId());
    }

    @Test
    void aRecordWithoutATraceBeginsOne() {
        // When
        Headers written = record(new RecordHeaders(), "decide");

        // Then
        assertThat(text(written)).contains(spans.get(0).getTraceId());
        assertThat(spans.get(0).getParentSpanContext().isValid()).isFalse();
    }

    @Test
    void aFailedSpanSaysSoAndWhatItWasAbout() {
        // When
        try (Traces.Span span = traces.begin("prune", new RecordHeaders(), Map.of("job", "job-1", "layer", "3"))) {
            span.failed("given_back");
        }

        // Then
        SpanData span = spans.get(0);
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(span.getAttributes().get(AttributeKey.stringKey("espalier.job")))
                .isEqualTo("job-1");
        assertThat(span.getAttributes().get(AttributeKey.stringKey("espalier.layer")))
                .isEqualTo("3");
    }

    @Test
    void whileNothingIsRecordedTheTraceOfTheRequestGoesOn() {
        // Given
        Headers request = new RecordHeaders().add("traceparent", USERS.getBytes(StandardCharsets.UTF_8));
        Traces off = new OpenTelemetryTraces(OpenTelemetry.noop().getTracer("test"), "scorer");

        // When
        try (Traces.Span span = off.begin("decide", request, Map.of())) {
            // Then
            assertThat(text(span.headers())).isEqualTo(USERS);
        }
    }

    /** Headers of a record written in a span, as every writer of ours makes them. */
    private Headers record(Headers cause, String name) {
        try (Traces.Span span = traces.begin(name, cause, Map.of())) {
            return CloudEventHeaders.of("scorer", "job-1", "Task", 0, span.headers());
        }
    }

    private static String text(Headers headers) {
        return new String(headers.lastHeader("traceparent").value(), StandardCharsets.UTF_8);
    }
}
