package io.espalier.base;

/** The kinds of failure a user can meet; the same word in events, metric labels, dead letters and gRPC statuses. */
public enum ErrorCode {
    /** A field of the request has a value that cannot be used. */
    INVALID_ARGUMENT,
    /** Bytes on a topic that are no message of that topic. */
    MALFORMED_MESSAGE,
    /** The job id or the output folder is taken by something else. */
    ALREADY_EXISTS,
    /** No such job. */
    NOT_FOUND,
    /** No such model, text or file inside its root. */
    MODEL_NOT_FOUND,
    /** A path or URI that leads outside its root. */
    MODEL_URI_FORBIDDEN,
    /** A checkpoint that contradicts itself. */
    MODEL_CORRUPT,
    /** A checkpoint of an architecture or storage type that is not supported. */
    MODEL_UNSUPPORTED,
    /** A file that a job reads was written, replaced or cut while the job ran. */
    INPUT_CHANGED,
    /** More than the installation or the caller may have: jobs, parameters or bytes. */
    QUOTA_EXCEEDED,
    /** No space left where an artifact is written. */
    DISK_FULL,
    /** The work was stopped on request: its job has ended, or its worker gives the task back. */
    CANCELLED,
    /** Workers died on this task again and again. */
    WORKER_LOST,
    /** A defect of Espalier. */
    INTERNAL
}
