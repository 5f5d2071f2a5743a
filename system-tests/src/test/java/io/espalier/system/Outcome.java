package io.espalier.system;

import com.google.protobuf.ByteString;
import io.espalier.model.artifact.Manifest;
import io.espalier.v1.LayerScores;
import io.espalier.v1.ScoreFact;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * The bytes of a job's results that depend on nothing but its request: who worked, in which order and through which
 * crashes must not show.
 *
 * @param scores the published scores of each layer, in layer order
 * @param files SHA-256 of every file of the artifact but its manifest, which names the job
 */
record Outcome(List<ByteString> scores, Map<String, String> files) {
    static Outcome of(Stack stack, String jobId) {
        return new Outcome(
                stack.log().scores(jobId).stream()
                        .filter(ScoreFact::hasLayer)
                        .map(ScoreFact::getLayer)
                        .sorted(Comparator.comparingInt(LayerScores::getLayer))
                        .map(LayerScores::toByteString)
                        .toList(),
                Manifest.filesOf(stack.folders().artifacts().resolve(jobId)));
    }
}
