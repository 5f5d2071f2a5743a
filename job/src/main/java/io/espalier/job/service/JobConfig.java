package io.espalier.job.service;

import io.espalier.job.Quota;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import java.nio.file.Path;

/** Where the files of jobs lie, and how they are computed. */
@ConfigMapping(prefix = "espalier")
public interface JobConfig {
    /** Folder all checkpoints lie in; requests cannot name anything outside it. */
    @WithName("models.root")
    @WithDefault("models")
    Path modelsRoot();

    /** Folder all calibration and evaluation texts lie in. */
    @WithName("texts.root")
    @WithDefault("texts")
    Path textsRoot();

    /** Folder artifacts, reports and work files are written to; shared by all workers. */
    @WithName("artifacts.root")
    @WithDefault("artifacts")
    Path artifactsRoot();

    /**
     * In what matrix products are computed: fp32, bf16, fp16, or auto: the type the model is stored in where the processor
     * is fast at it, else fp32. Part of the numeric profile.
     */
    @WithName("compute.type")
    @WithDefault("auto")
    String computeType();

    /** Bytes of native memory that one pass over a model may take; written into the plan of a job. */
    @WithName("memory.budget")
    @WithDefault("2147483648")
    long memoryBudget();

    /** Parameters of the largest model that is pruned. 0: no limit. */
    @WithName("quota.parameters")
    @WithDefault("0")
    long quotaParameters();

    /** Bytes in the folder of artifacts from which on no further job begins. 0: no limit. */
    @WithName("quota.stored-bytes")
    @WithDefault("0")
    long quotaStoredBytes();

    default Quota quota() {
        return new Quota(quotaParameters(), quotaStoredBytes());
    }
}
