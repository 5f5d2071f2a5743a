package io.espalier.model.importance;

import java.util.List;

/**
 * Makes the criterion of one name. {@link java.util.ServiceLoader} finds the criteria of other jars: such a jar lists
 * its provider in {@code META-INF/services/io.espalier.model.importance.CriterionProvider}.
 */
public interface CriterionProvider {
    /** The name of the criterion in requests. No other provider may have the same name. */
    String name();

    /**
     * The forms that {@link CriterionOptions#form} may name, the default one first. Empty if there is only one form.
     */
    default List<String> forms() {
        return List.of();
    }

    /**
     * @param options the options; their form is empty or one of {@link #forms}
     * @throws io.espalier.model.InvalidSetting when the criterion cannot use another of the options
     */
    Criterion make(CriterionOptions options);
}
