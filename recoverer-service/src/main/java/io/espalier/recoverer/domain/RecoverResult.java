package io.espalier.recoverer.domain;

import io.espalier.model.recovery.LossCurve;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** What came of a {@link RecoverTask}. */
public sealed interface RecoverResult {
    /** @param windows that were read */
    record Taught(int windows) implements RecoverResult {}

    /** @param layers of each source, in their order: the loss of each layer that was trained, by its index */
    record Distilled(List<SortedMap<Integer, LossCurve>> layers) implements RecoverResult {
        public Distilled {
            layers = layers.stream()
                    .map(of -> Collections.unmodifiableSortedMap(new TreeMap<>(of)))
                    .toList();
        }
    }

    record Staged(RecoveredModel model) implements RecoverResult {}

    record Adapted(LossCurve loss) implements RecoverResult {}

    record Committed() implements RecoverResult {}
}
