package io.espalier.model.importance;

import java.util.List;

/**
 * Makes a criterion under its name. Criteria of other jars are found by {@link java.util.ServiceLoader}: their provider is
 * named in {@code META-INF/services/io.espalier.model.importance.CriterionProvider}.
 */
public interface CriterionProvider {
    /** As requests name the criterion; no other provider may use it. */
    String name();

    /** The forms that {@link CriterionOptions#form} may name, the usual one first; empty where there is only one. */
    default List<String> forms() {
        return List.of();
    }

    /**
     * @param options whose form is empty or one of {@link #forms}
     * @throws io.espalier.model.InvalidSetting for another option that the criterion cannot use
     */
    Criterion make(CriterionOptions options);
}
