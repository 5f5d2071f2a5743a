package io.espalier.base;

/** Hears how far long work has come. It stops nothing: that is {@link Cancellation}'s part. */
@FunctionalInterface
public interface Progress {
    /** For work nobody watches. */
    Progress SILENT = (unit, done, total, tokens) -> {};

    /**
     * @param unit what is counted: "layers", "windows"
     * @param done units finished
     * @param total units there are
     * @param tokens tokens put through a layer since the work began, for a rate
     */
    void advanced(String unit, long done, long total, long tokens);
}
