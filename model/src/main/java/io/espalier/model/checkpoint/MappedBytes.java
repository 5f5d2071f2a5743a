package io.espalier.model.checkpoint;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A read-only memory mapping of a tensor's bytes. It is unmapped explicitly when it is closed. The JVM itself would unmap
 * it only after a garbage collection, and a pass over weights allocates too little on the heap to cause one.
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

    /** All bytes, in native byte order. They must not be accessed after {@link #close}. */
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
