package io.espalier.cli.stack;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/**
 * The addresses of a running local stack. They are stored in {@code up.json} in its state folder while it runs.
 *
 * @param pid process id of the process that runs the broker and starts the services
 * @param bootstrap {@code host:port} of the broker
 * @param artifacts the folder to which {@code output} of a job is relative
 */
public record StackAddress(long pid, String bootstrap, String artifacts, List<Service> services) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FILE = "up.json";

    /**
     * @param http base address of health and metrics, of the evaluator also of the web page
     * @param grpc {@code host:port} of the Control service
     */
    public record Service(String name, long pid, String http, String grpc, String log) {}

    public StackAddress {
        services = List.copyOf(services);
    }

    /** The stack of this state folder, if its process is alive. */
    public static Optional<StackAddress> find(Path state) throws IOException {
        Path file = state.resolve(FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        return Optional.of(JSON.readValue(file.toFile(), StackAddress.class)).filter(StackAddress::isAlive);
    }

    /** Address of the web page. */
    public String page() {
        return services.stream()
                .filter(service -> service.name().equals(ServiceLaunches.WITH_PAGE))
                .map(service -> service.http() + "/ui/")
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("a stack has an evaluator"));
    }

    public String json() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of plain values always has a JSON form", e);
        }
    }

    void write(Path state) throws IOException {
        Path unfinished = Files.writeString(state.resolve(FILE + ".new"), json() + "\n");
        Files.move(
                unfinished, state.resolve(FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    static void delete(Path state) throws IOException {
        Files.deleteIfExists(state.resolve(FILE));
    }

    private boolean isAlive() {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }
}
