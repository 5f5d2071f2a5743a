package io.espalier.model.tensor;

import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;

/**
 * Calls a kernel so that the engine records it for gradients. The engine's public method for this accepts only tensors,
 * but kernels also take numbers. The native method behind it accepts both, so this class calls that one.
 */
final class RecordedCall {
    private static final boolean RECORD = true;
    private static final boolean OWN_STREAM = false;

    private static final MethodHandle NATIVE_RUN;
    private static final MethodHandle RESULT;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(IValue.class, MethodHandles.lookup());
            Class<?> library = lookup.findClass("ai.djl.pytorch.jni.PyTorchLibrary");
            Object instance =
                    lookup.findStaticVarHandle(library, "LIB", library).get();
            MethodType run = MethodType.methodType(
                    long.class, long.class, String.class, long[].class, boolean.class, boolean.class);
            NATIVE_RUN = lookup.findVirtual(library, "moduleRunMethod", run).bindTo(instance);
            RESULT = lookup.findConstructor(IValue.class, MethodType.methodType(void.class, long.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private RecordedCall() {}

    static IValue run(PtSymbolBlock kernels, String kernel, IValue... arguments) {
        long block = kernels.getHandle();
        long[] handles = Arrays.stream(arguments).mapToLong(IValue::getHandle).toArray();
        try {
            long result = (long) NATIVE_RUN.invokeExact(block, kernel, handles, RECORD, OWN_STREAM);
            return (IValue) RESULT.invokeExact(result);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("the native call declares no checked exception", e);
        }
    }
}
