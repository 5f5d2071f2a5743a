package io.espalier.cli.stack;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Supplier;

/** The file with the addresses of a running stack. It is kept up to date, and deleted when the stack stops. */
final class AddressFile implements AutoCloseable {
    private final Path state;
    private final Supplier<StackAddress> address;
    private boolean withdrawn;

    private AddressFile(Path state, Supplier<StackAddress> address) {
        this.state = state;
        this.address = address;
    }

    static AddressFile publish(Path state, Supplier<StackAddress> address) throws IOException {
        AddressFile file = new AddressFile(state, address);
        file.update();
        return file;
    }

    /** Writes the present addresses, unless the stack is stopping. */
    synchronized void update() throws IOException {
        if (!withdrawn) {
            address.get().write(state);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        withdrawn = true;
        StackAddress.delete(state);
    }
}
