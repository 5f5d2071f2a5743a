package io.espalier.model.pruning;

/**
 * What compensation did to a decoder layer.
 *
 * @param layer its index in the dense model
 * @param attention repair of the output projection, whose input columns belong to heads
 * @param ffn repair of the down projection, whose input columns belong to FFN channels
 */
public record LayerRepair(int layer, LinearRepair attention, LinearRepair ffn) {}
