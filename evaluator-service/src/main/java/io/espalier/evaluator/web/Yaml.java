package io.espalier.evaluator.web;

/** The content type of a request in YAML. */
final class Yaml {
    /** RFC 9512. */
    static final String TYPE = "application/yaml";

    private Yaml() {}
}
