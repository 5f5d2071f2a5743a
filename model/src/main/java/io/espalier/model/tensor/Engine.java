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
 * The tensor engine of this process. It is started at first use. Kernels may be called from any thread. They record
 * nothing for gradients unless a {@link Recording} is open on the calling thread.
 */
public final class Engine {
    private static final String DEVICE = "cpu";

    private static final class Started {
        static final Engine ENGINE = start();

        private static Engine start() {
            Engine engine = new Engine();
            inUse = true;
            return engine;
        }
    }

    private final PtNDManager root = (PtNDManager) NDManager.newBaseManager(Device.cpu(), "PyTorch");
    private final PtSymbolBlock kernels;

    /**
     * Turns the graph optimiser off for a thread. After a few calls the optimiser may change the order of operations, and
     * with it the last bits of a result.
     */
    private final ThreadLocal<Boolean> optimiserOff = ThreadLocal.withInitial(() -> {
        JniUtils.setGraphExecutorOptimize(false);
        return true;
    });

    /**
     * The number of threads that was last set for a calling thread; the engine keeps this number per calling thread. When
     * a thread first asks for it or computes, the engine replaces it by the number that any thread set last, and other
     * numbers of threads give other last bits. So each thread asks before it sets its own.
     */
    private final ThreadLocal<Integer> threadsSet = ThreadLocal.withInitial(JniUtils::getNumThreads);

    private final ThreadLocal<Integer> threadLimit = ThreadLocal.withInitial(() -> Integer.MAX_VALUE);
    private volatile int threads = JniUtils.getNumThreads();

    private final ThreadLocal<Boolean> recording = ThreadLocal.withInitial(() -> false);

    /** Whether the engine was started in this process. */
    private static volatile boolean inUse;

    private Engine() {
        try (var archive = KernelArchive.open()) {
            kernels = JniUtils.loadModule(root, archive, true, false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sets the number of threads that compute. It is part of the numeric profile, and so of a job's plan. */
    public static void setThreads(int threads) {
        started().threads = threads;
    }

    /** The device of the engine: "cpu", or empty while the engine is not started. This call does not start it. */
    public static String deviceInUse() {
        return inUse ? DEVICE : "";
    }

    /** The numeric profile of this process; starts the engine. */
    public static NumericProfile profile() {
        int threads = started().threads();
        var engine = ai.djl.engine.Engine.getEngine("PyTorch");
        return new NumericProfile("pytorch-" + engine.getVersion(), DEVICE, InstructionSet.ofThisMachine(), threads);
    }

    static Engine started() {
        return Started.ENGINE;
    }

    int threads() {
        return threads;
    }

    /**
     * Limits how many threads a kernel may use that is called from the current thread.
     *
     * @return the limit before this call
     */
    int limitThreads(int most) {
        int before = threadLimit.get();
        threadLimit.set(most);
        return before;
    }

    PtNDManager newManager() {
        return root.newSubManager(root.getDevice());
    }

    /**
     * Turns recording for gradients on or off for the current thread.
     *
     * @return whether it was on before
     */
    boolean record(boolean on) {
        boolean before = recording.get();
        recording.set(on);
        JniUtils.setGradMode(on);
        return before;
    }

    /** @throws io.espalier.base.EspalierException {@code CANCELLED} when the work of this thread was cancelled */
    IValue run(String kernel, IValue... arguments) {
        optimiserOff.get();
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
        int wanted = Math.min(threads, threadLimit.get());
        if (threadsSet.get() != wanted) {
            JniUtils.setNumThreads(wanted);
            threadsSet.set(wanted);
        }
    }
}
