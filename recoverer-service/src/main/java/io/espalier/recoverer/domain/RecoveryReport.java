package io.espalier.recoverer.domain;

import io.espalier.model.recovery.LossCurve;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a recovery did to one checkpoint, as far as it has come.
 *
 * @param windows that were learned from, those held out included
 * @param layers loss of each layer that learned alone, by its index; empty where none did
 * @param adapters loss of the training of adapters; empty where there was none
 */
public record RecoveryReport(int windows, SortedMap<Integer, LossCurve> layers, Optional<LossCurve> adapters) {
    public RecoveryReport {
        layers = Collections.unmodifiableSortedMap(new TreeMap<>(layers));
    }
}
