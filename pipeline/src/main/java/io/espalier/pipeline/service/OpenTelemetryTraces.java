package io.espalier.pipeline.service;

import io.espalier.pipeline.telemetry.Traces;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/** {@link Traces} with OpenTelemetry, over Kafka by W3C trace context. */
final class OpenTelemetryTraces implements Traces {
    private static final TextMapPropagator W3C = W3CTraceContextPropagator.getInstance();

    private final Tracer tracer;
    private final String prefix;

    /** @param stageLabel begins the name of every span: "scorer" */
    OpenTelemetryTraces(Tracer tracer, String stageLabel) {
        this.tracer = tracer;
        this.prefix = stageLabel + " ";
    }

    @Override
    public Span begin(String name, Headers cause, Map<String, String> attributes) {
        SpanBuilder builder = tracer.spanBuilder(prefix + name)
                .setSpanKind(SpanKind.CONSUMER)
                .setParent(W3C.extract(Context.root(), cause, new HeaderText()));
        attributes.forEach((key, value) -> builder.setAttribute("espalier." + key, value));
        return new Recorded(builder.startSpan());
    }

    private record Recorded(io.opentelemetry.api.trace.Span span) implements Span {
        @Override
        public Headers headers() {
            RecordHeaders headers = new RecordHeaders();
            W3C.inject(
                    Context.root().with(span),
                    headers,
                    (carrier, key, value) -> headers.add(key, value.getBytes(StandardCharsets.UTF_8)));
            return headers;
        }

        @Override
        public void failed(String reason) {
            span.setStatus(StatusCode.ERROR, reason);
        }

        @Override
        public void close() {
            span.end();
        }
    }

    private static final class HeaderText implements TextMapGetter<Headers> {
        @Override
        public Iterable<String> keys(Headers headers) {
            return StreamSupport.stream(headers.spliterator(), false)
                    .map(Header::key)
                    .toList();
        }

        @Override
        public @Nullable String get(@Nullable Headers headers, String key) {
            Header header = headers == null ? null : headers.lastHeader(key);
            return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
        }
    }
}
