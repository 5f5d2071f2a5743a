package io.espalier.model.sparsity;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** All mask criteria: first those of this library, then those that a {@link ServiceLoader} finds in other jars. */
final class KnownMaskCriteria {
    static final List<MaskCriterion> ALL = all();

    private KnownMaskCriteria() {}

    private static List<MaskCriterion> all() {
        List<MaskCriterion> all =
                new ArrayList<>(List.of(new DassMasks(), new WandaMasks(), new MagnitudeMasks(), new GblmMasks()));
        ServiceLoader.load(MaskCriterion.class, MaskCriterion.class.getClassLoader())
                .forEach(all::add);
        return List.copyOf(all);
    }
}
