package io.espalier.deploy;

import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.Topic;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.pipeline.topic.TopicFile;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** What each Kafka user must be allowed, from the topics a stage lives between; anything else it may not. */
final class KafkaAccess {
    private KafkaAccess() {}

    /**
     * @param type "topic", "group", "transactionalId"
     * @param pattern "literal" or "prefix"
     */
    record Rule(String type, String name, String pattern, List<String> operations) {}

    /** The rules of each user. */
    static Map<String, List<Rule>> users(TopicCatalog topics) {
        Map<String, List<Rule>> users = new LinkedHashMap<>();
        for (StageTopics stage : TopicFile.declared().stages()) {
            users.put(stage.stage(), worker(stage, topics));
        }
        users.put("client", client());
        users.put("operator", operator(topics));
        users.put("keda", autoscaler());
        return users;
    }

    private static List<Rule> worker(StageTopics stage, TopicCatalog topics) {
        String application = "espalier-" + stage.stage();
        TreeSet<String> read = new TreeSet<>(List.of(stage.input(), stage.tasks(), stage.results()));
        TreeSet<String> written = new TreeSet<>(List.of(stage.tasks(), stage.results(), stage.facts()));
        if (stage.intake() != null) {
            read.add(stage.intake());
            written.add(stage.input());
        }
        // Whichever service a caller reaches over gRPC sends its request.
        written.add("prune-requests");
        List<String> shared = shared(topics);
        read.addAll(shared);
        written.addAll(shared);
        for (String input : List.copyOf(read)) {
            if (topics.topics().stream().anyMatch(topic -> topic.name().equals(input + "-dlt"))) {
                written.add(input + "-dlt");
            }
        }
        List<Rule> rules = new ArrayList<>();
        TreeSet<String> all = new TreeSet<>(read);
        all.addAll(written);
        for (String topic : all) {
            List<String> operations = new ArrayList<>(List.of("Describe"));
            if (read.contains(topic)) {
                operations.add("Read");
            }
            if (written.contains(topic)) {
                operations.add("Write");
            }
            rules.add(new Rule("topic", topic, "literal", operations));
        }
        // The state's changelog, which the broker creates in the stage's name.
        rules.add(new Rule("topic", application + "-", "prefix", List.of("Create", "Describe", "Read", "Write")));
        rules.add(new Rule("group", application, "literal", List.of("Describe", "Read")));
        // The share group of the task queue, whose settings a worker writes before it takes anything.
        rules.add(new Rule("group", stage.tasks(), "literal", List.of("AlterConfigs", "Describe", "Read")));
        rules.add(new Rule("transactionalId", application + "-", "prefix", List.of("Describe", "Write")));
        return rules;
    }

    /** Topics that are no single stage's, as events and commands: every service reads and writes them. */
    private static List<String> shared(TopicCatalog topics) {
        Set<String> owned = new TreeSet<>(List.of("prune-requests"));
        for (StageTopics stage : TopicFile.declared().stages()) {
            owned.addAll(List.of(stage.input(), stage.tasks(), stage.results(), stage.facts()));
        }
        return topics.topics().stream()
                .map(Topic::name)
                .filter(topic -> !topic.endsWith("-dlt") && !owned.contains(topic))
                .toList();
    }

    /** A program: publishes requests and cancels, consumes what is for users. */
    private static List<Rule> client() {
        List<Rule> rules = new ArrayList<>();
        for (String topic : List.of("prune-requests", "job-commands")) {
            rules.add(new Rule("topic", topic, "literal", List.of("Describe", "Write")));
        }
        for (String topic : List.of("layer-scores", "pruned-checkpoints", "evaluations", "job-events")) {
            rules.add(new Rule("topic", topic, "literal", List.of("Describe", "Read")));
        }
        rules.add(new Rule("group", "client-", "prefix", List.of("Describe", "Read")));
        return rules;
    }

    /** The command line: sends requests and every command, shows jobs and workers, prints any topic. It joins no group. */
    private static List<Rule> operator(TopicCatalog topics) {
        Set<String> written = Set.of("prune-requests", "job-commands", "worker-commands");
        return topics.topics().stream()
                .map(Topic::name)
                .map(topic -> new Rule(
                        "topic",
                        topic,
                        "literal",
                        written.contains(topic) ? List.of("Describe", "Read", "Write") : List.of("Describe", "Read")))
                .toList();
    }

    /** Asks how much lies unread before each stage. */
    private static List<Rule> autoscaler() {
        List<Rule> rules = new ArrayList<>();
        for (StageTopics stage : TopicFile.declared().stages()) {
            rules.add(new Rule("topic", firstInput(stage), "literal", List.of("Describe")));
            rules.add(new Rule("group", "espalier-" + stage.stage(), "literal", List.of("Describe")));
        }
        return rules;
    }

    /** The topic on which a job first meets a stage. */
    static String firstInput(StageTopics stage) {
        return Objects.requireNonNullElse(stage.intake(), stage.input());
    }
}
