package io.espalier.model.importance;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Seeds of independent random streams, each a pure function of the job's seed and of what the stream is for. */
final class Seeds {
    private Seeds() {}

    /** @param purpose distinct for every stream, such as {@code draw/3/model.layers.0.mlp.up_proj.weight} */
    static long of(long seed, String purpose) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(ByteBuffer.allocate(Long.BYTES).putLong(seed).array());
            return ByteBuffer.wrap(sha256.digest(purpose.getBytes(StandardCharsets.UTF_8)))
                    .getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
