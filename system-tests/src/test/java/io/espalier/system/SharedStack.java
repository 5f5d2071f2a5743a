package io.espalier.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives the classes that register it one stack, which starts with the first of them. Two stacks never run at once: the
 * first class of the other stack ends this one, else the last test does.
 */
final class SharedStack implements ParameterResolver {
    private static final ExtensionContext.Namespace STORE = ExtensionContext.Namespace.create(SharedStack.class);

    private final Start start;

    /** How the stack is started on a folder. */
    interface Start {
        Stack on(Path folder) throws IOException, InterruptedException;
    }

    /** @param folder what the stack has written; goes with it */
    private record Running(SharedStack shared, Path folder, Stack stack) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            stack.close();
            Utils.delete(folder.toFile());
        }
    }

    SharedStack(Start start) {
        this.start = start;
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Stack.class;
    }

    @Override
    public Stack resolveParameter(ParameterContext parameter, ExtensionContext context) {
        ExtensionContext.Store store = context.getRoot().getStore(STORE);
        Running running = store.get(Running.class, Running.class);
        if (running != null && running.shared() == this) {
            return running.stack();
        }
        try {
            if (running != null) {
                store.remove(Running.class);
                running.close();
            }
            Path folder = Files.createTempDirectory("espalier-system-");
            Running started = new Running(this, folder, start.on(folder));
            store.put(Running.class, started);
            return started.stack();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a stack started", e);
        }
    }
}
