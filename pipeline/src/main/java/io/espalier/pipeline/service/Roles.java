package io.espalier.pipeline.service;

import java.util.Set;

/** What a caller may do. */
final class Roles {
    /** May look at jobs, workers and metrics. */
    static final String VIEWER = "viewer";
    /** May send requests, and look at and cancel the jobs they led to. */
    static final String SUBMITTER = "submitter";
    /** May look, cancel jobs, and pause, resume and drain workers. */
    static final String OPERATOR = "operator";

    static final Set<String> ALL = Set.of(VIEWER, SUBMITTER, OPERATOR);

    private Roles() {}
}
