package io.espalier.evaluator.llama;

/** The llama.cpp inside the library {@code de.kherud:llama} that the root pom names. Both change together. */
public final class LlamaRelease {
    public static final String NAME = "llama.cpp";

    /** The build of llama.cpp, as its releases are called. */
    public static final String BUILD = "b4916";

    private LlamaRelease() {}
}
