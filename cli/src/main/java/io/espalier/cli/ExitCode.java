package io.espalier.cli;

import io.espalier.v1.JobEvent;

/** The exit codes of all commands, for scripts. */
public final class ExitCode {
    public static final int OK = 0;
    /** The job ended as FAILED or CANCELLED. */
    public static final int JOB_FAILED = 1;
    /** An option is misspelt, a field is not valid, or a job or worker is unknown. */
    public static final int INVALID = 2;
    /** The broker or a service does not answer or cannot be started. */
    public static final int UNREACHABLE = 3;
    /** Espalier has a defect. */
    public static final int INTERNAL = 70;

    private ExitCode() {}

    /** @param end the event that ended a job */
    static int of(JobEvent end) {
        return end.hasCompleted() ? OK : JOB_FAILED;
    }
}
