package io.espalier.cli;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.job.JobLog;
import io.espalier.v1.Job;

/** Looks up a job that the user named. */
final class KnownJob {
    private KnownJob() {}

    /** @throws EspalierException {@code NOT_FOUND} if there is no event of this job */
    static Job require(JobLog log, String jobId) {
        return log.job(jobId)
                .orElseThrow(() -> new EspalierException(
                        ErrorCode.NOT_FOUND, "no job %s; `espalier jobs` lists all".formatted(jobId)));
    }
}
