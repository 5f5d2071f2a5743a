package io.espalier.pipeline.runtime;

import java.lang.reflect.Proxy;

/**
 * SIGTERM, with which orchestrators ask a process to end. The JDK lets it be heard through {@code sun.misc.Signal} alone,
 * of which the compiler warns wherever it is named and in a way that cannot be suppressed: hence the reflection.
 */
public final class TermSignal {
    private TermSignal() {}

    /** Does this at the signal, in place of what the virtual machine would do. */
    public static void handle(Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object handling = Proxy.newProxyInstance(
                    TermSignal.class.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        action.run();
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance("TERM"), handling);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("every JDK has sun.misc.Signal in the module jdk.unsupported", e);
        }
    }
}
