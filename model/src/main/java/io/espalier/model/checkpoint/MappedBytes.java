package io.espalier.model.checkpoint;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A tensor's bytes in the page cache, read-only and not copied. The runtime would give a mapping back only when the heap
 * happens to be collected, which a pass over weights never causes; so it is given back by hand.
 */
public final class MappedBytes implements AutoCloseable {
    private static final MethodHandle UNMAP = unmap();

    private final ByteBuffer bytes;
    private boolean open = true;

    MappedBytes(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    private static MethodHandle unmap() {
        try {
            Class<?> unsafe = Class.forName("sun.misc.Unsafe");
            var only = unsafe.getDeclaredField("theUnsafe");
            only.setAccessible(true);
            return MethodHandles.lookup()
                    .findVirtual(unsafe, "invokeCleaner", MethodType.methodType(void.class, ByteBuffer.class))
                    .bindTo(only.get(null));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** All of them, in native order; not to be touched once this is closed. */
    public ByteBuffer bytes() {
        return bytes.duplicate().order(ByteOrder.nativeOrder());
    }

    @Override
    public void close() {
        if (open) {
            open = false;
            try {
                UNMAP.invoke(bytes);
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException("unmapping declares no checked exception", e);
            }
        }
    }
}
