package io.espalier.system;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * What lies between services and a broker, and can be cut. While it is, no byte arrives on either side and no connection is
 * closed, as when a cable is pulled; those that are made meanwhile get no answer.
 */
final class Wire implements AutoCloseable {
    private final ServerSocket near;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private boolean cut;

    Wire() throws IOException {
        near = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
    }

    /** Where the services come to. */
    int port() {
        return near.getLocalPort();
    }

    /** @param far port of the broker */
    void connect(int far) {
        threads.execute(() -> {
            while (!near.isClosed()) {
                try {
                    Socket service = keep(near.accept());
                    Socket broker = keep(new Socket(near.getInetAddress(), far));
                    threads.execute(() -> pass(service, broker));
                    threads.execute(() -> pass(broker, service));
                } catch (IOException e) {
                    // The broker is away, or this is closed: the service finds its connection closed.
                }
            }
        });
    }

    private Socket keep(Socket socket) {
        sockets.add(socket);
        return socket;
    }

    private void pass(Socket from, Socket to) {
        byte[] bytes = new byte[1 << 16];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int length = in.read(bytes); length >= 0; length = in.read(bytes)) {
                awaitWhole();
                out.write(bytes, 0, length);
            }
            awaitWhole();
        } catch (IOException e) {
            // One side went; closing both tells the other.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void awaitWhole() throws InterruptedException {
        while (cut) {
            wait();
        }
    }

    synchronized void cut() {
        cut = true;
    }

    synchronized void mend() {
        cut = false;
        notifyAll();
    }

    @Override
    public void close() {
        threads.shutdownNow();
        try {
            near.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
