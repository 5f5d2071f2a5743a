package io.espalier.job;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** How much a search for shapes measures before it chooses. */
public enum SearchEffort {
    /** What each cut costs is estimated, then measured by running the model with it. */
    MEASURED,
    /** What each cut costs is estimated by one backward pass. */
    ESTIMATE;

    /** What requests call it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** All labels, the default first. */
    static List<String> labels() {
        return Arrays.stream(values()).map(SearchEffort::label).toList();
    }

    static SearchEffort named(String label) {
        return valueOf(label.toUpperCase(Locale.ROOT));
    }
}
