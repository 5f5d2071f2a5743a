package io.espalier.cli.stack;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/**
 * Stands in for a service where only its life as a child process matters: serves its health, ends with its parent.
 * One that finds a file {@code broken} in the root of its models ends at once, as a service that cannot start does;
 * while there is a file {@code unready}, it says that it is not ready; while there is a file {@code slow}, it does not
 * listen yet.
 */
public final class HealthOnlyService {
    private static final String CLASS_FILE = HealthOnlyService.class.getName().replace('.', '/') + ".class";

    private HealthOnlyService() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path models = Path.of(System.getProperty("espalier.models.root"));
        if (Files.exists(models.resolve("broken"))) {
            System.out.println("cannot start");
            System.exit(42);
        }
        var unused = ProcessHandle.of(Long.getLong("espalier.parent.pid"))
                .orElseThrow()
                .onExit()
                .thenRun(() -> Runtime.getRuntime().halt(1));
        while (Files.exists(models.resolve("slow"))) {
            Thread.sleep(10);
        }
        int port = Integer.getInteger("quarkus.http.port");
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/q/health/ready", exchange -> {
            exchange.sendResponseHeaders(Files.exists(models.resolve("unready")) ? 503 : 200, -1);
            exchange.close();
        });
        System.out.println("ready for " + System.getProperty("kafka.bootstrap.servers"));
        server.start();
    }

    /** Puts it where the services are built. */
    static void install(Path home) throws IOException {
        for (String service : ServiceLaunches.SERVICES) {
            Path jar = home.resolve(service + "-service/target/quarkus-app/quarkus-run.jar");
            Files.createDirectories(jar.getParent());
            Manifest manifest = new Manifest();
            manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
            manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, HealthOnlyService.class.getName());
            try (OutputStream file = Files.newOutputStream(jar);
                    JarOutputStream entries = new JarOutputStream(file, manifest);
                    var bytecode = HealthOnlyService.class.getClassLoader().getResourceAsStream(CLASS_FILE)) {
                entries.putNextEntry(new JarEntry(CLASS_FILE));
                bytecode.transferTo(entries);
            }
        }
    }
}
