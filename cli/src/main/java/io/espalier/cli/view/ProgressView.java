package io.espalier.cli.view;

import io.espalier.v1.JobEvent;

/** Shows a person how a job comes along. */
public interface ProgressView extends AutoCloseable {
    void show(JobEvent event);

    /** Leaves the display in order, whatever happened. */
    @Override
    void close();
}
