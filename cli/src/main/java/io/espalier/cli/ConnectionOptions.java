package io.espalier.cli;

import io.espalier.cli.stack.StackAddress;
import io.espalier.pipeline.topic.TopicCatalog;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.CommonClientConfigs;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that choose the broker: the one that they name or, without a name, that of the local stack. */
final class ConnectionOptions {
    @Option(
            names = "--bootstrap",
            paramLabel = "HOST:PORT",
            description = "Kafka broker. Default: that of the local stack of this folder.")
    private @Nullable String bootstrap;

    @Option(
            names = "--topic-prefix",
            paramLabel = "PREFIX",
            defaultValue = "",
            description = "Put before the name of every topic. Default: none.")
    private String topicPrefix = "";

    @Option(
            names = "--client-config",
            paramLabel = "FILE",
            description = "Properties for the Kafka clients, for example security.")
    private @Nullable Path clientConfig;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "" + Patience.USUAL_SECONDS,
            description =
                    "How long to wait for the broker, which a busy machine slows down. Default: ${DEFAULT-VALUE}.")
    private int timeout = Patience.USUAL_SECONDS;

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec command;

    /** @throws CommandFailure if no broker is named and no local stack runs, or the broker does not answer */
    Connection open() throws IOException, InterruptedException {
        LogOutput.none();
        Optional<Connection> connection = find();
        if (connection.isEmpty()) {
            throw CommandFailure.unreachable(
                    "no broker is named and no local stack runs in %s; use --bootstrap HOST:PORT, or start one with `espalier up`"
                            .formatted(Homes.state()));
        }
        return connection.get().checked();
    }

    /** The broker that the options name, or that of the local stack. Whether it answers has not been checked. */
    Optional<Connection> find() throws IOException {
        if (bootstrap == null) {
            return StackAddress.find(Homes.state()).map(stack -> Connection.local(stack.bootstrap(), patience()));
        }
        Properties client = new Properties();
        if (clientConfig != null) {
            try (Reader reader = Files.newBufferedReader(clientConfig)) {
                client.load(reader);
            }
        }
        client.setProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        return Optional.of(new Connection(client, TopicCatalog.load(topicPrefix), patience()));
    }

    /** Where reports lie, as far as this machine knows: it does for its local stack. */
    ReportPlace reports() throws IOException {
        return new ReportPlace(
                bootstrap == null
                        ? StackAddress.find(Homes.state()).map(stack -> Path.of(stack.artifacts()))
                        : Optional.empty());
    }

    Patience patience() {
        PrintWriter err =
                Objects.requireNonNull(command, "picocli sets it").commandLine().getErr();
        return Patience.of(timeout, err::println);
    }
}
