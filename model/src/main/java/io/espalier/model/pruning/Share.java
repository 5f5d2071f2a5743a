package io.espalier.model.pruning;

import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import java.util.function.DoubleFunction;
import java.util.function.Predicate;

/** Shares of units, in [0, 1]. */
final class Share {
    /** Halvings of [0, 1]: finer than one unit in any model. */
    private static final int HALVINGS = 40;

    private Share() {}

    static void require(Setting setting, double share) {
        if (!(share > 0 && share < 1)) {
            throw invalid(setting, "must lie between 0 and 1, was " + share);
        }
    }

    /** What is left at the smallest share that is enough; at 1 if none is. */
    static <L> L gentlest(DoubleFunction<L> left, Predicate<L> enough) {
        double tooGentle = 0;
        double harsh = 1;
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (tooGentle + harsh) / 2;
            if (enough.test(left.apply(middle))) {
                harsh = middle;
            } else {
                tooGentle = middle;
            }
        }
        return left.apply(harsh);
    }

    static InvalidSetting invalid(Setting setting, String what) {
        return new InvalidSetting(setting, what);
    }
}
