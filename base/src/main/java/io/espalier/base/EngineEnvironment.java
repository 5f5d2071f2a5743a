package io.espalier.base;

import java.util.Map;

/** Environment variables of a process that computes. They are read by native libraries before any code of ours runs. */
public final class EngineEnvironment {
    /**
     * For the GNU C library and its OpenMP.
     *
     * <ul>
     *   <li>Between two kernels a thread waits for a few microseconds before it sleeps: to wake it costs more than most
     *       kernels do. {@code ACTIVE} alone would never sleep.
     *   <li>Freed activations, most of them below 6 MiB, are kept for the next layer's, since fresh pages cost as much as
     *       what is computed into them; larger blocks go back to the system instead of into holes of the heap.
     * </ul>
     */
    public static final Map<String, String> LINUX = Map.of(
            "OMP_WAIT_POLICY", "ACTIVE",
            "GOMP_SPINCOUNT", "1000",
            "MALLOC_MMAP_THRESHOLD_", "6291456",
            "MALLOC_TRIM_THRESHOLD_", "67108864");

    private EngineEnvironment() {}

    /** For a process on this machine; other systems than Linux have other libraries. */
    public static Map<String, String> here() {
        return System.getProperty("os.name").startsWith("Linux") ? LINUX : Map.of("OMP_WAIT_POLICY", "PASSIVE");
    }
}
