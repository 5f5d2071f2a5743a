package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keys and values of the positions one layer has seen. */
final class KvCache {
    /** [b, k, s, D], growing along s. */
    static final class Half {
        private final Scope owner;
        private @Nullable Tensor seen;

        Half(Scope owner) {
            this.owner = owner;
        }

        Tensor append(Tensor more) {
            Tensor before = seen;
            Tensor all = before == null ? more.keepIn(owner) : new Kernels(owner).concatenate(List.of(before, more), 2);
            if (before != null) {
                before.close();
            }
            seen = all;
            return all;
        }
    }

    private final Half keys;
    private final Half values;

    KvCache(Scope owner) {
        keys = new Half(owner);
        values = new Half(owner);
    }

    Half keys() {
        return keys;
    }

    Half values() {
        return values;
    }
}
