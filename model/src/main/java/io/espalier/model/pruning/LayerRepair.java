package io.espalier.model.pruning;

/** What compensation did to the two linear layers through which the units of a layer speak. */
public record LayerRepair(int layer, LinearRepair attention, LinearRepair ffn) {}
