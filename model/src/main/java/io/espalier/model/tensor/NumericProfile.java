package io.espalier.model.tensor;

/**
 * The properties of a process that decide the last bits of a floating-point result. Equal profiles give equal bytes.
 *
 * @param engine name and version of the tensor engine
 * @param device "cpu"
 * @param instructionSet the processor's architecture and widest vector instructions
 * @param threads number of threads that compute
 */
public record NumericProfile(String engine, String device, String instructionSet, int threads) {}
