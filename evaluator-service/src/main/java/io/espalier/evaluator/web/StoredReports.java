package io.espalier.evaluator.web;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.job.service.JobConfig;
import io.espalier.pipeline.request.RequestReader;
import io.espalier.v1.Job;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The files that completed jobs leave for people and programs. */
@Singleton
public class StoredReports {
    private final Path reports;

    StoredReports(JobConfig config) {
        this.reports = config.artifactsRoot().resolve("reports");
    }

    /**
     * @param name of one of the two files of a report, not a caller's word
     * @throws EspalierException {@code NOT_FOUND} if the job left none, or it was deleted
     */
    Path file(Job job, String name) {
        String id = job.getJobId();
        if (RequestReader.isJobId(id) && job.hasEvaluation()) {
            Path file = reports.resolve(id).resolve(name);
            if (liesInReports(file)) {
                return file;
            }
        }
        throw new EspalierException(
                ErrorCode.NOT_FOUND,
                "job %s is %s and no report of it is stored; a job that completes leaves one"
                        .formatted(id, job.getState()));
    }

    /** No link leads out of the folder of reports. */
    private boolean liesInReports(Path file) {
        try {
            return Files.isRegularFile(file) && file.toRealPath().startsWith(reports.toRealPath());
        } catch (IOException e) {
            return false;
        }
    }
}
