package io.espalier.cli;

import io.espalier.v1.JobEvent;

/** What the exit code of every command says to scripts. */
public final class ExitCode {
    public static final int OK = 0;
    /** The job ended as FAILED or CANCELLED. */
    public static final int JOB_FAILED = 1;
    /** A misspelt option, a field that cannot be used, an unknown job or worker. */
    public static final int INVALID = 2;
    /** The broker or a service does not answer or cannot be started. */
    public static final int UNREACHABLE = 3;
    /** A defect of Espalier. */
    public static final int INTERNAL = 70;

    private ExitCode() {}

    /** @param end the event that ended a job */
    static int of(JobEvent end) {
        return end.hasCompleted() ? OK : JOB_FAILED;
    }
}
