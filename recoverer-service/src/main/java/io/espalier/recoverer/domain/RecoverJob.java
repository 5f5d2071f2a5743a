package io.espalier.recoverer.domain;

import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.Recovery;
import io.espalier.model.recovery.LocalTraining;
import io.espalier.model.recovery.LoraTraining;

/** The job that a recovery task belongs to. */
public record RecoverJob(JobSpec spec, Inspection inspection) {
    Recovery recovery() {
        return spec.recovery().orElseThrow(() -> new IllegalArgumentException("the job asks for no recovery"));
    }

    LocalTraining local() {
        return recovery().local().orElseThrow(() -> new IllegalArgumentException("the job trains no layer alone"));
    }

    LoraTraining lora() {
        return recovery().lora().orElseThrow(() -> new IllegalArgumentException("the job trains no adapters"));
    }
}
