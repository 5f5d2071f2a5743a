package io.espalier.model.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** The processor's vector instructions that the engine's matrix products may use. */
final class InstructionSet {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    /** Widest first, as the Linux kernel spells them. The engine has another implementation for each. */
    private static final List<String> KNOWN =
            List.of("amx_fp16", "amx_bf16", "avx512_bf16", "avx512f", "avx2", "sve", "asimd");

    private InstructionSet() {}

    /** For example {@code amd64/avx2}; only the architecture when the system does not list the instructions. */
    static String ofThisMachine() {
        String architecture = System.getProperty("os.arch", "unknown");
        Set<String> flags = flags();
        return KNOWN.stream()
                .filter(flags::contains)
                .findFirst()
                .map(widest -> architecture + "/" + widest)
                .orElse(architecture);
    }

    /** Whether the processor multiplies matrices of a type faster than fp32. Few processors have a unit for fp16. */
    static boolean multipliesFast(ComputeType type, Set<String> flags) {
        return switch (type) {
            case FP32 -> true;
            case BF16 -> flags.contains("amx_bf16") || flags.contains("avx512_bf16");
            case FP16 -> flags.contains("amx_fp16");
        };
    }

    /**
     * Features of this machine's processor, as the Linux kernel spells them; empty when the system does not list them.
     */
    static Set<String> flags() {
        try (var lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith("flags") || line.startsWith("Features"))
                    .findFirst()
                    .map(line ->
                            Set.of(line.substring(line.indexOf(':') + 1).trim().split("\\s+")))
                    .orElse(Set.of());
        } catch (IOException e) {
            return Set.of();
        }
    }
}
