package io.espalier.cli;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.job.JobLog;
import io.espalier.v1.Job;

/** A job that the user named. */
final class KnownJob {
    private KnownJob() {}

    /** @throws EspalierException NOT_FOUND if no event tells of it */
    static Job require(JobLog log, String jobId) {
        return log.job(jobId)
                .orElseThrow(() -> new EspalierException(
                        ErrorCode.NOT_FOUND, "no job %s; `espalier jobs` lists all".formatted(jobId)));
    }
}
