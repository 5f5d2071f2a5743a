package io.espalier.cli.view;

import io.espalier.v1.JobEvent;

/** Shows the progress of a job. */
public interface ProgressView extends AutoCloseable {
    void show(JobEvent event);

    /** Ends the display cleanly, also after a failure. */
    @Override
    void close();
}
