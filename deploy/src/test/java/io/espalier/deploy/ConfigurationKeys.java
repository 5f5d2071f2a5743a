package io.espalier.deploy;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Every configuration key of Espalier with its default and what its Javadoc says of it, read from the source. */
final class ConfigurationKeys {
    private static final Pattern KEY = Pattern.compile(
            "/\\*\\*(?<doc>[^/]*)\\*/\\s+@WithName\\(\"(?<name>[^\"]+)\"\\)\\s+(@WithDefault\\(\"(?<default>[^\"]*)\"\\))?");

    private ConfigurationKeys() {}

    /** @param fallback empty when there is none */
    record Key(String name, String fallback, String meaning) {
        String property() {
            return "espalier." + name;
        }

        String environment() {
            return property().toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
        }
    }

    static List<Key> all() {
        List<Key> keys = new ArrayList<>();
        Matcher matcher = KEY.matcher(source("job/src/main/java/io/espalier/job/service/JobConfig.java")
                + source("pipeline/src/main/java/io/espalier/pipeline/service/EspalierConfig.java"));
        while (matcher.find()) {
            String fallback = matcher.group("default");
            keys.add(new Key(matcher.group("name"), fallback == null ? "" : fallback, words(matcher.group("doc"))));
        }
        return keys;
    }

    private static String source(String file) {
        return Repository.text(Repository.ROOT.resolve(file));
    }

    private static String words(String javadoc) {
        return javadoc.replaceAll("\\{@[a-z]+ #?([^}]*)}", "$1")
                .replaceAll("\\s*\\n\\s*\\*?\\s*", " ")
                .strip();
    }

    /** The environment variables of all keys, and others. */
    static Set<String> environmentNamesWith(String... others) {
        Set<String> names = new TreeSet<>(List.of(others));
        all().forEach(key -> names.add(key.environment()));
        return names;
    }
}
