package io.espalier.deploy;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The metrics of the services under the names Prometheus shows. */
final class MetricNames {
    /** Those the code exports. */
    static final Set<String> ALL = Arrays.stream(io.espalier.pipeline.telemetry.MetricNames.class.getFields())
            .filter(field -> field.getType() == String.class)
            .map(MetricNames::value)
            .filter(name -> name.startsWith("espalier_"))
            .collect(Collectors.toUnmodifiableSet());

    private static final Pattern NAME = Pattern.compile("\\bespalier_[a-z_]+\\b");
    private static final Pattern TIMER_PART = Pattern.compile("(_seconds)_(count|sum|max|bucket)$");

    private MetricNames() {}

    private static String value(Field constant) {
        try {
            return (String) constant.get(null);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException("metric names are public", e);
        }
    }

    /** The metrics an expression names; the parts of a timer count as the timer. */
    static Set<String> in(String expression) {
        Set<String> names = new TreeSet<>();
        NAME.matcher(expression)
                .results()
                .forEach(match -> names.add(TIMER_PART.matcher(match.group()).replaceAll("$1")));
        return names;
    }
}
