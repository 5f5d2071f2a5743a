package io.espalier.evaluator.domain;

import io.espalier.evaluator.domain.EvaluationWork.Pruned;
import io.espalier.job.JobSpec;
import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.checkpoint.Checkpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * The models of a job, in the order in which every measurement names them: the dense one, then of each artifact the pruned one,
 * and that as it was before its recovery.
 *
 * @param dense open
 */
record JobModels(ArtifactStore artifacts, JobSpec spec, Checkpoint dense, List<Pruned> pruned) {
    static final String DENSE = "dense";

    int count() {
        return 1
                + pruned.stream()
                        .mapToInt(artifact -> artifact.unrecovered().isPresent() ? 2 : 1)
                        .sum();
    }

    /** Opens one after the other; each has the name "dense", its artifact's, or that with "-unrecovered" behind it. */
    void forEach(BiConsumer<String, Checkpoint> use) {
        use.accept(DENSE, dense);
        for (Pruned artifact : pruned) {
            try (Checkpoint model = artifacts.open(artifact.output())) {
                use.accept(artifact.output(), model);
            }
            artifact.unrecovered().ifPresent(where -> {
                try (Checkpoint model = where.open(artifacts, spec.jobId())) {
                    use.accept(artifact.output() + "-unrecovered", model);
                }
            });
        }
    }

    /** Opens all but the dense one together. */
    <T> T together(Function<List<Checkpoint>, T> use) {
        List<Checkpoint> others = new ArrayList<>();
        try {
            for (Pruned artifact : pruned) {
                others.add(artifacts.open(artifact.output()));
                artifact.unrecovered().ifPresent(where -> others.add(where.open(artifacts, spec.jobId())));
            }
            return use.apply(List.copyOf(others));
        } finally {
            others.forEach(Checkpoint::close);
        }
    }
}
