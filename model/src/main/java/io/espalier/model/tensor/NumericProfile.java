package io.espalier.model.tensor;

/**
 * What decides the last bits of a floating-point result: equal profiles give equal bytes.
 *
 * @param engine name and version of the tensor engine
 * @param device "cpu"
 * @param instructionSet widest vector instructions of the processor
 * @param threads that compute
 */
public record NumericProfile(String engine, String device, String instructionSet, int threads) {}
