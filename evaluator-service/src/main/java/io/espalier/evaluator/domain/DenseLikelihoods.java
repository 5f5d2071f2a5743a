package io.espalier.evaluator.domain;

import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.job.Inspection;
import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.ScoredSequence;
import io.espalier.model.evaluation.SequenceLikelihoods;
import io.espalier.model.file.Digests;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How likely the dense model finds the ends of sequences: measured once, and taken by every later job that asks the same of the
 * same weights on a machine of the same kind. What it finds has the same bytes either way.
 */
final class DenseLikelihoods {
    private static final Logger LOG = LoggerFactory.getLogger(DenseLikelihoods.class);

    private final ArtifactStore artifacts;
    private final Inspection inspection;
    private final String codeVersion;

    /** @param codeVersion another one may round differently */
    DenseLikelihoods(ArtifactStore artifacts, Inspection inspection, String codeVersion) {
        this.artifacts = artifacts;
        this.inspection = inspection;
        this.codeVersion = codeVersion;
    }

    /** As {@link SequenceLikelihoods#of}. */
    double[] of(Checkpoint dense, List<ScoredSequence> sequences, Progress progress) {
        String key = key(sequences);
        Optional<double[]> before = artifacts
                .measured(inspection.modelSha256(), key)
                .filter(bytes -> bytes.length == sequences.size() * Double.BYTES)
                .map(DenseLikelihoods::unpacked);
        if (before.isPresent()) {
            return before.get();
        }
        double[] found = new SequenceLikelihoods(dense, inspection.computation().budget()).of(sequences, progress);
        leave(key, found);
        return found;
    }

    /** A measurement that cannot be kept is measured again. */
    private void leave(String key, double[] found) {
        try {
            artifacts.leaveMeasured(inspection.modelSha256(), key, packed(found));
        } catch (EspalierException e) {
            LOG.warn("what was measured of the dense model is not kept: {}", e.getMessage());
        }
    }

    /** The weights are in the name of the folder; the tokenizer is in the tokens. */
    private String key(List<ScoredSequence> sequences) {
        MessageDigest digest = Digests.digest();
        String kind = "likelihoods %s %d %d %s"
                .formatted(
                        codeVersion,
                        inspection.threads(),
                        inspection.computation().budget().bytes(),
                        new TreeMap<>(inspection.profile()));
        digest.update(kind.getBytes(StandardCharsets.UTF_8));
        for (ScoredSequence sequence : sequences) {
            ByteBuffer ids = ByteBuffer.allocate((sequence.ids().length + 2) * Integer.BYTES)
                    .putInt(sequence.ids().length)
                    .putInt(sequence.scored());
            for (int id : sequence.ids()) {
                ids.putInt(id);
            }
            digest.update(ids.flip());
        }
        return Digests.hex(digest);
    }

    private static byte[] packed(double[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Double.BYTES);
        bytes.asDoubleBuffer().put(values);
        return bytes.array();
    }

    private static double[] unpacked(byte[] bytes) {
        double[] values = new double[bytes.length / Double.BYTES];
        ByteBuffer.wrap(bytes).asDoubleBuffer().get(values);
        return values;
    }
}
