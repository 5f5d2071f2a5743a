package io.espalier.cli.stack;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;

/**
 * A broker's folder, with the cluster id and the ports that it stores from one start to the next.
 *
 * @param clientPort port on 127.0.0.1 for clients
 * @param controllerPort port on 127.0.0.1 at which the broker connects to its own controller
 */
record BrokerFolder(Path folder, String clusterId, int clientPort, int controllerPort) {
    private static final String FILE = "broker.properties";

    /** Reads what the folder stores, or initialises it. If another process now uses one of the ports, new ports are chosen. */
    static BrokerFolder open(Path folder, String newClusterId) throws IOException {
        Files.createDirectories(folder);
        BrokerFolder known = Files.exists(folder.resolve(FILE)) ? read(folder) : fresh(folder, newClusterId);
        BrokerFolder usable = known.withFreePorts();
        usable.write();
        return usable;
    }

    /** The folder of Kafka's log. */
    Path log() {
        return log(folder);
    }

    /** The folder of Kafka's log inside a broker's folder. */
    static Path log(Path folder) {
        return folder.resolve("log");
    }

    private BrokerFolder withFreePorts() {
        return FreePorts.isFree(clientPort) && FreePorts.isFree(controllerPort) ? this : fresh(folder, clusterId);
    }

    private static BrokerFolder fresh(Path folder, String clusterId) {
        List<Integer> ports = FreePorts.take(2);
        return new BrokerFolder(folder, clusterId, ports.get(0), ports.get(1));
    }

    private static BrokerFolder read(Path folder) throws IOException {
        Properties stored = new Properties();
        try (Reader reader = Files.newBufferedReader(folder.resolve(FILE))) {
            stored.load(reader);
        }
        return new BrokerFolder(
                folder,
                stored.getProperty("cluster.id"),
                Integer.parseInt(stored.getProperty("client.port")),
                Integer.parseInt(stored.getProperty("controller.port")));
    }

    private void write() throws IOException {
        Properties stored = new Properties();
        stored.setProperty("cluster.id", clusterId);
        stored.setProperty("client.port", Integer.toString(clientPort));
        stored.setProperty("controller.port", Integer.toString(controllerPort));
        try (Writer writer = Files.newBufferedWriter(folder.resolve(FILE))) {
            stored.store(writer, "The embedded Kafka broker of this folder");
        }
    }
}
