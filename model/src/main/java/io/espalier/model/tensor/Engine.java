package io.espalier.model.tensor;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.espalier.base.Cancellation;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * The tensor engine of this process, started at first use. Kernels run without recording gradients and may be called
 * from any thread.
 */
public final class Engine {
    private static final String DEVICE = "cpu";

    private static final class Started {
        static final Engine ENGINE = new Engine();
    }

    private final PtNDManager root = (PtNDManager) NDManager.newBaseManager(Device.cpu(), "PyTorch");
    private final PtSymbolBlock kernels;

    /** The graph optimiser may change the order of operations once it has seen a few calls, and with it the last bits. */
    private final ThreadLocal<Boolean> plainExecution = ThreadLocal.withInitial(() -> {
        JniUtils.setGraphExecutorOptimize(false);
        return true;
    });

    /** The engine keeps its number of threads for each thread that calls it: what this one told it last. */
    private final ThreadLocal<Integer> told = ThreadLocal.withInitial(() -> 0);

    private final ThreadLocal<Integer> limit = ThreadLocal.withInitial(() -> Integer.MAX_VALUE);
    private volatile int threads = JniUtils.getNumThreads();

    private final ThreadLocal<Boolean> recording = ThreadLocal.withInitial(() -> false);

    /** Whether anything was computed in this process yet. */
    private static volatile boolean inUse;

    private Engine() {
        try (var archive = KernelArchive.open()) {
            kernels = JniUtils.loadModule(root, archive, true, false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Threads that compute; part of the numeric profile, so of the plan of a job. */
    public static void setThreads(int threads) {
        started().threads = threads;
    }

    /** What is computed on: "cpu"; empty while the engine has not been needed. Asking does not start it. */
    public static String deviceInUse() {
        return inUse ? DEVICE : "";
    }

    /** What decides the last bits of a result on this machine. */
    public static NumericProfile profile() {
        int threads = started().threads();
        var engine = ai.djl.engine.Engine.getEngine("PyTorch");
        return new NumericProfile("pytorch-" + engine.getVersion(), DEVICE, InstructionSet.ofThisMachine(), threads);
    }

    static Engine started() {
        inUse = true;
        return Started.ENGINE;
    }

    int threads() {
        return threads;
    }

    /**
     * Of all threads, how many a kernel may use that is called from this one.
     *
     * @return the limit before
     */
    int limitThreads(int most) {
        int before = limit.get();
        limit.set(most);
        return before;
    }

    PtNDManager newManager() {
        return root.newSubManager(root.getDevice());
    }

    /** @return whether this thread recorded before */
    boolean record(boolean on) {
        boolean before = recording.get();
        recording.set(on);
        JniUtils.setGradMode(on);
        return before;
    }

    /** @throws io.espalier.base.EspalierException {@code CANCELLED} where the work of this thread is to stop */
    IValue run(String kernel, IValue... arguments) {
        plainExecution.get();
        applyThreads();
        try {
            Cancellation.check();
            return recording.get()
                    ? RecordedCall.run(kernels, kernel, arguments)
                    : IValueUtils.runMethod(kernels, kernel, arguments);
        } finally {
            for (IValue argument : arguments) {
                argument.close();
            }
        }
    }

    private void applyThreads() {
        int wanted = Math.min(threads, limit.get());
        if (told.get() != wanted) {
            JniUtils.setNumThreads(wanted);
            told.set(wanted);
        }
    }
}
