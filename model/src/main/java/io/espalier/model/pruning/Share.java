package io.espalier.model.pruning;

import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import java.util.function.DoubleFunction;
import java.util.function.Predicate;

/** Shares of units, in [0, 1]. */
final class Share {
    /** Steps of the bisection of [0, 1]; the result is finer than one unit of any model. */
    private static final int HALVINGS = 40;

    private Share() {}

    static void require(Setting setting, double share) {
        if (!(share > 0 && share < 1)) {
            throw invalid(setting, "must lie between 0 and 1, was " + share);
        }
    }

    /**
     * Finds the smallest share to remove that is enough, by bisection.
     *
     * @param left what is left at a share in [0, 1]; a larger share never leaves more
     * @param enough whether so little is left that the budget is met
     * @return what is left at that share; at 1 if no share is enough
     */
    static <L> L leastRemoved(DoubleFunction<L> left, Predicate<L> enough) {
        double tooSmall = 0;
        double large = 1;
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (tooSmall + large) / 2;
            if (enough.test(left.apply(middle))) {
                large = middle;
            } else {
                tooSmall = middle;
            }
        }
        return left.apply(large);
    }

    static InvalidSetting invalid(Setting setting, String what) {
        return new InvalidSetting(setting, what);
    }
}
