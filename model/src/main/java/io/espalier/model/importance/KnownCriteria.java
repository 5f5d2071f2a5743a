package io.espalier.model.importance;

import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Every criterion under its name, with the forms it comes in, the usual one first. */
final class KnownCriteria {
    private record Entry(List<String> forms, Function<CriterionOptions, Criterion> make) {}

    private static final Map<String, Entry> ENTRIES = new LinkedHashMap<>();

    static {
        several("fms", Fms.Form.values(), Fms::of);
        several("taylor", Taylor.Form.values(), options -> new Taylor(form(Taylor.Form.class, options)));
        single("gblm", options -> new Gblm());
        single("blend", options -> new Blend(options.weight()));
        single("obs", options -> new Obs());
        single("flap", options -> new Flap(Flap.Scale.STANDARDIZED));
        single("wanda", options -> new Wanda());
        single("wanda-sp", options -> new WandaSp());
        single("block-influence", options -> new BlockInfluence());
        single("magnitude", options -> new Magnitude(options.magnitudeP()));
        single("random", options -> new RandomImportance());
    }

    private KnownCriteria() {}

    static Criterion named(String name, CriterionOptions options) {
        Entry entry = ENTRIES.get(name);
        if (entry == null) {
            throw new InvalidSetting(
                    Setting.CRITERION,
                    "'%s' is unknown; known are %s".formatted(name, String.join(", ", ENTRIES.keySet())));
        }
        if (!options.form().isEmpty() && !entry.forms.contains(options.form())) {
            throw new InvalidSetting(
                    Setting.FORM,
                    "%s has no form '%s'; it has %s"
                            .formatted(
                                    name,
                                    options.form(),
                                    entry.forms.isEmpty() ? "only one, leave it out" : String.join(", ", entry.forms)));
        }
        return entry.make.apply(options);
    }

    private static void single(String name, Function<CriterionOptions, Criterion> make) {
        ENTRIES.put(name, new Entry(List.of(), make));
    }

    private static void several(String name, Enum<?>[] forms, Function<CriterionOptions, Criterion> make) {
        ENTRIES.put(
                name, new Entry(Arrays.stream(forms).map(KnownCriteria::spelled).toList(), make));
    }

    /** The form asked for, which {@link #named} has checked. */
    static <F extends Enum<F>> F form(Class<F> forms, CriterionOptions options) {
        F[] all = forms.getEnumConstants();
        return Arrays.stream(all)
                .filter(form -> spelled(form).equals(options.form()))
                .findFirst()
                .orElse(all[0]);
    }

    private static String spelled(Enum<?> form) {
        return form.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
