package io.espalier.cli.stack;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;

/**
 * What a broker's folder remembers between two starts: who the cluster is and where it listened.
 *
 * @param clientPort where clients connect, on 127.0.0.1
 * @param controllerPort where the broker reaches its own controller, on 127.0.0.1
 */
record BrokerFolder(Path folder, String clusterId, int clientPort, int controllerPort) {
    private static final String FILE = "broker.properties";

    /** Reads the folder's memory, or starts one; ports that somebody else took meanwhile are replaced. */
    static BrokerFolder open(Path folder, String newClusterId) throws IOException {
        Files.createDirectories(folder);
        BrokerFolder known = Files.exists(folder.resolve(FILE)) ? read(folder) : fresh(folder, newClusterId);
        BrokerFolder usable = known.withFreePorts();
        usable.write();
        return usable;
    }

    /** Kafka's own log folder. */
    Path log() {
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
