package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The keys and values of the positions that one layer has processed. */
final class KvCache {
    /** A tensor [b, k, s, D] that grows along s: the keys or the values. */
    static final class Cached {
        private final Scope owner;
        private @Nullable Tensor cached;

        Cached(Scope owner) {
            this.owner = owner;
        }

        /**
         * Appends positions.
         *
         * @param more [b, k, t, D]
         * @return all positions, [b, k, s, D]
         */
        Tensor append(Tensor more) {
            Tensor before = cached;
            Tensor all = before == null ? more.keepIn(owner) : new Kernels(owner).concatenate(List.of(before, more), 2);
            if (before != null) {
                before.close();
            }
            cached = all;
            return all;
        }
    }

    private final Cached keys;
    private final Cached values;

    KvCache(Scope owner) {
        keys = new Cached(owner);
        values = new Cached(owner);
    }

    Cached keys() {
        return keys;
    }

    Cached values() {
        return values;
    }
}
