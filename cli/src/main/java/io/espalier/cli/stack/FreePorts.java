package io.espalier.cli.stack;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds TCP ports of the loopback interface on which no process listens. They lie below the ports that operating systems give to
 * outgoing connections. A busy machine opens many of those, and one could take a port before the process for which it was chosen
 * listens on it.
 */
final class FreePorts {
    private static final int FIRST = 15_000;
    private static final int COUNT = 15_000;
    private static final SecureRandom RANDOM = new SecureRandom();

    private FreePorts() {}

    /**
     * Returns {@code count} different ports that are free at the time of the call.
     *
     * @throws IllegalStateException if almost all ports are taken
     */
    static List<Integer> take(int count) {
        Set<Integer> ports = new LinkedHashSet<>();
        for (int tries = 0; ports.size() < count; tries++) {
            if (tries == COUNT) {
                throw new IllegalStateException(
                        "no free TCP port from %d to %d on the loopback interface".formatted(FIRST, FIRST + COUNT - 1));
            }
            int port = FIRST + RANDOM.nextInt(COUNT);
            if (isFree(port)) {
                ports.add(port);
            }
        }
        return List.copyOf(ports);
    }

    static boolean isFree(int port) {
        // A port that an earlier broker left in TIME_WAIT counts as free, because the new broker can bind it.
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
