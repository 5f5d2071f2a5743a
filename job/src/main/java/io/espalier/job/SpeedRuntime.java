package io.espalier.job;

import java.util.Arrays;
import java.util.List;

/** What the speed of models is measured in. */
public enum SpeedRuntime {
    /** The engine that prunes them, which says what pruning is worth for one implementation. */
    ESPALIER("espalier"),
    /** A runtime that users have. */
    LLAMA_CPP("llama.cpp");

    private final String label;

    SpeedRuntime(String label) {
        this.label = label;
    }

    /** What requests and reports call it. */
    public String label() {
        return label;
    }

    static List<String> labels() {
        return Arrays.stream(values()).map(SpeedRuntime::label).toList();
    }

    /** @throws IllegalArgumentException for a label that is none of {@link #labels()} */
    static SpeedRuntime named(String label) {
        return Arrays.stream(values())
                .filter(runtime -> runtime.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no runtime " + label));
    }
}
