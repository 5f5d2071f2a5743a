package io.espalier.benchmarks.measure;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** The numbers that a process measured, by name. Times are in seconds, sizes in bytes. */
public record Measured(Map<String, Double> values) {
    /** The name of the highest resident memory of the process, in bytes. */
    public static final String PEAK = "peak";

    private static final ObjectMapper JSON = new ObjectMapper();

    public Measured {
        values = Collections.unmodifiableMap(new TreeMap<>(values));
    }

    /** The number of that name; NaN if it was not measured. */
    public double get(String name) {
        return values.getOrDefault(name, Double.NaN);
    }

    Measured with(String name, double value) {
        Map<String, Double> more = new TreeMap<>(values);
        more.put(name, value);
        return new Measured(more);
    }

    static Measured parse(String json) throws JsonProcessingException {
        return JSON.readValue(json, Measured.class);
    }

    String json() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a map of numbers always has a JSON form", e);
        }
    }
}
