package io.espalier.deploy;

import io.espalier.pipeline.topic.Topic;
import io.espalier.pipeline.topic.TopicCatalog;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Files that repeat what the code declares, and so are written by it. */
final class GeneratedFiles {
    static final Path TOPICS = Repository.KUBERNETES.resolve("components/strimzi/topics.yaml");
    static final Path USERS = Repository.KUBERNETES.resolve("components/strimzi/users.yaml");
    static final Path OPERATIONS = Repository.ROOT.resolve("docs/operations.md");
    static final Path ALERTS = Repository.KUBERNETES.resolve("components/monitoring/alerts.yaml");
    static final Path RULE_FILE = Repository.DEPLOY.resolve("observability/alerts.yaml");
    static final Path CREATE_TOPICS = Repository.OVERLAYS.resolve("local/create-topics.sh");

    static final Path REQUEST = Repository.ROOT.resolve("docs/request.md");
    private static final Path PROTO = Repository.ROOT.resolve("proto/src/main/proto/espalier/v1/request.proto");

    private static final TopicCatalog CATALOG = TopicCatalog.load("");
    private static final String KEYS = "<!-- keys -->\n";
    private static final String KEYS_END = "<!-- /keys -->";
    private static final String NOTE = "# Generated from topics.yaml and the stages: see deploy/README.md.\n";

    private GeneratedFiles() {}

    /** What each file must hold. */
    static Map<Path, String> all() {
        Map<Path, String> files = new LinkedHashMap<>();
        files.put(TOPICS, topics());
        files.put(USERS, users());
        files.put(ALERTS, alerts());
        files.put(CREATE_TOPICS, createTopics());
        files.put(OPERATIONS, operations());
        files.put(REQUEST, new RequestFields(Repository.text(PROTO)).markdown());
        return files;
    }

    private static String topics() {
        StringBuilder yaml = new StringBuilder(NOTE);
        for (Topic topic : CATALOG.topics()) {
            yaml.append("""
                    ---
                    apiVersion: kafka.strimzi.io/v1
                    kind: KafkaTopic
                    metadata:
                      name: %s
                      namespace: espalier
                      labels: {strimzi.io/cluster: espalier}
                    spec:
                      partitions: %d
                      replicas: 3
                      config: {%s}
                    """.formatted(topic.name(), topic.partitions(), settings(topic, ": ", ", ")));
        }
        return yaml.toString();
    }

    private static String users() {
        StringBuilder yaml = new StringBuilder(NOTE);
        KafkaAccess.users(CATALOG).forEach((user, rules) -> {
            yaml.append("""
                    ---
                    apiVersion: kafka.strimzi.io/v1
                    kind: KafkaUser
                    metadata:
                      name: %s
                      namespace: espalier
                      labels: {strimzi.io/cluster: espalier}
                    spec:
                      authentication: {type: scram-sha-512}
                      authorization:
                        type: simple
                        acls:
                    """.formatted(user));
            for (KafkaAccess.Rule rule : rules) {
                yaml.append("      - resource: {type: %s, name: %s, patternType: %s}\n        operations: [%s]\n"
                        .formatted(rule.type(), rule.name(), rule.pattern(), String.join(", ", rule.operations())));
            }
        });
        return yaml.toString();
    }

    /** The rule file of Prometheus as the resource that its operator reads. */
    private static String alerts() {
        String rules = Repository.text(RULE_FILE);
        return """
                # Generated from observability/alerts.yaml: see deploy/README.md.
                apiVersion: monitoring.coreos.com/v1
                kind: PrometheusRule
                metadata:
                  name: espalier
                  namespace: espalier
                spec:
                """ + rules.substring(rules.indexOf("groups:")).indent(2);
    }

    private static String createTopics() {
        StringBuilder script = new StringBuilder("#!/bin/sh\n" + NOTE);
        script.append("""
                set -e
                create() {
                  name=$1 partitions=$2
                  shift 2
                  /opt/kafka/bin/kafka-topics.sh --bootstrap-server "$BOOTSTRAP" --create --if-not-exists --topic "$name" \\
                    --partitions "$partitions" --replication-factor 1 "$@"
                }
                """);
        for (Topic topic : CATALOG.topics()) {
            script.append("create %s %d --config %s\n"
                    .formatted(topic.name(), topic.partitions(), settings(topic, "=", " --config ")));
        }
        return script.toString();
    }

    /** Every setting, quoted where a comma would part it in YAML; a shell takes the quotes away. */
    private static String settings(Topic topic, String is, String between) {
        return topic.settings().entrySet().stream()
                .map(setting -> setting.getKey() + is + quoted(setting.getValue()))
                .collect(Collectors.joining(between));
    }

    private static String quoted(String value) {
        return value.contains(",") ? "\"" + value + "\"" : value;
    }

    /** The page as it is, with its table of keys made anew. */
    private static String operations() {
        StringBuilder table = new StringBuilder("| key | default | meaning |\n| --- | --- | --- |\n");
        for (ConfigurationKeys.Key key : ConfigurationKeys.all()) {
            String fallback = key.fallback().isEmpty() ? "" : "`" + key.fallback() + "`";
            table.append("| `%s` | %s | %s |\n".formatted(key.property(), fallback, key.meaning()));
        }
        String page = Repository.text(OPERATIONS);
        return page.substring(0, page.indexOf(KEYS) + KEYS.length()) + table + page.substring(page.indexOf(KEYS_END));
    }
}
