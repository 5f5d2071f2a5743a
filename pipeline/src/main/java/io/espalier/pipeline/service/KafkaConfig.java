package io.espalier.pipeline.service;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithParentName;
import java.util.Map;
import java.util.Properties;

/** Every `kafka.*` key is handed to the Kafka clients as it stands: bootstrap servers, TLS, SASL. */
@ConfigMapping(prefix = "kafka")
public interface KafkaConfig {
    @WithParentName
    Map<String, String> settings();

    default Properties properties() {
        Properties properties = new Properties();
        properties.putAll(settings());
        properties.putIfAbsent("bootstrap.servers", "localhost:9092");
        return properties;
    }
}
