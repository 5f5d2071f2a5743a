package io.espalier.model.tensor;

/**
 * While a recording is open, the engine records the kernels that the current thread calls, so that
 * {@link Kernels#gradients} can backpropagate through them. Every tensor on the way, weights included, must be made while
 * the recording is open: the engine cannot record a tensor that was made without one.
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
