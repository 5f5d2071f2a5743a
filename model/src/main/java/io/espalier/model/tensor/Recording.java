package io.espalier.model.tensor;

/**
 * While it is open, the kernels this thread calls record how they computed, so that {@link Kernels#gradients} can go
 * back through them. Whatever a gradient passes through, weights included, must be made inside: the plain kernels' results
 * cannot be recorded.
 */
public final class Recording implements AutoCloseable {
    private final boolean before;

    private Recording(boolean before) {
        this.before = before;
    }

    public static Recording open() {
        return new Recording(Engine.started().record(true));
    }

    @Override
    public void close() {
        Engine.started().record(before);
    }
}
