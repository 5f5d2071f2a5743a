package io.espalier.pruner.domain;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;

/**
 * The job that a prune task belongs to.
 *
 * @param request as the user made it, for the manifest
 */
public record PruneJob(JobSpec spec, Inspection inspection, JsonNode request) {}
