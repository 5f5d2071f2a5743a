package io.espalier.model;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Seeds of independent random streams. Each seed is a pure function of the job's seed and of the stream's purpose. */
public final class Seeds {
    private Seeds() {}

    /**
     * The first 64 bits of a SHA-256 hash of the job's seed and the purpose.
     *
     * @param seed the job's seed
     * @param purpose unique to the stream, such as {@code zeroth-order/3/model.layers.0.mlp.up_proj.weight}
     */
    public static long of(long seed, String purpose) {
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
