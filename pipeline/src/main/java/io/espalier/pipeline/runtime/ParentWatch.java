package io.espalier.pipeline.runtime;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends this process with the one that started it, even if that was killed: `espalier up` leaves nothing behind. */
public final class ParentWatch {
    private static final Logger LOG = LoggerFactory.getLogger(ParentWatch.class);

    private ParentWatch() {}

    /** @param pid process to outlive by nothing */
    public static void exitWith(long pid) {
        ProcessHandle.of(pid)
                .ifPresentOrElse(
                        parent -> {
                            var unused = parent.onExit().thenRun(() -> exit(pid));
                        },
                        () -> exit(pid));
    }

    private static void exit(long pid) {
        LOG.info("process {} that started this one has ended", pid);
        // Shutdown hooks talk to a broker that went with the parent: do not wait for them.
        Runtime.getRuntime().halt(0);
    }
}
