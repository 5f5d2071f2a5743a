package io.espalier.model.importance;

import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.function.Function;

/** All criteria by name. Those of this library come before those of other jars. */
final class KnownCriteria {
    /** A criterion of this library. */
    private record BuiltIn(String name, List<String> forms, Function<CriterionOptions, Criterion> maker)
            implements CriterionProvider {
        @Override
        public Criterion make(CriterionOptions options) {
            return maker.apply(options);
        }
    }

    private static final Map<String, CriterionProvider> ALL = new LinkedHashMap<>();

    static {
        add("fms", Fms.Form.values(), Fms::of);
        add("taylor", Taylor.Form.values(), options -> new Taylor(form(Taylor.Form.class, options)));
        add("gblm", options -> new Gblm());
        add("blend", options -> new Blend(options.weight()));
        add("obs", options -> new Obs());
        add("flap", options -> new Flap(Flap.Scale.STANDARDIZED));
        add("wanda", options -> new Wanda());
        add("wanda-sp", options -> new WandaSp());
        add("block-influence", options -> new BlockInfluence());
        add("magnitude", options -> new Magnitude(options.magnitudeP()));
        add("random", options -> new RandomImportance());
        ServiceLoader.load(CriterionProvider.class, CriterionProvider.class.getClassLoader())
                .forEach(KnownCriteria::add);
    }

    private KnownCriteria() {}

    static Criterion named(String name, CriterionOptions options) {
        CriterionProvider provider = ALL.get(name);
        if (provider == null) {
            throw new InvalidSetting(
                    Setting.CRITERION,
                    "'%s' is unknown; known are %s".formatted(name, String.join(", ", ALL.keySet())));
        }
        List<String> forms = provider.forms();
        if (!options.form().isEmpty() && !forms.contains(options.form())) {
            throw new InvalidSetting(
                    Setting.FORM,
                    "%s has no form '%s'; it has %s"
                            .formatted(
                                    name,
                                    options.form(),
                                    forms.isEmpty() ? "only one, leave it out" : String.join(", ", forms)));
        }
        return provider.make(options);
    }

    private static void add(String name, Function<CriterionOptions, Criterion> maker) {
        add(new BuiltIn(name, List.of(), maker));
    }

    private static void add(String name, Enum<?>[] forms, Function<CriterionOptions, Criterion> maker) {
        add(new BuiltIn(name, Arrays.stream(forms).map(KnownCriteria::spelled).toList(), maker));
    }

    private static void add(CriterionProvider provider) {
        if (ALL.putIfAbsent(provider.name(), provider) != null) {
            throw new IllegalStateException("two criteria are named " + provider.name());
        }
    }

    /** The requested form, or the first one where none was requested. {@link #named} has checked the request. */
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
