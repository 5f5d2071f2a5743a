package io.espalier.model.checkpoint;

import io.espalier.model.file.Digests;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.Map;

/**
 * The SHA-256 of a file whose parts are written in any order. SHA-256 needs the bytes in order, so the digest follows the
 * part of the file that is written without a gap. It reads those bytes while they are still in the page cache.
 */
final class TrailingDigest {
    private static final int CHUNK_BYTES = 1 << 20;

    private final FileChannel channel;
    private final MessageDigest digest = Digests.digest();
    private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
    /** Parts that are written after the first gap: start to end. */
    private final Map<Long, Long> afterGap = new HashMap<>();

    private long written;
    private long digested;

    /** @param channel the file, open for reading */
    TrailingDigest(FileChannel channel) {
        this.channel = channel;
    }

    /** Tells the digest that the bytes [start, end) are written and will not change. */
    synchronized void written(long start, long end) {
        if (start < end) {
            afterGap.put(start, end);
        }
        for (Long next = afterGap.remove(written); next != null; next = afterGap.remove(written)) {
            written = next;
        }
    }

    private synchronized long written() {
        return written;
    }

    /** Digests the bytes before the first gap that are not digested yet. Only one thread at a time may call it. */
    void follow() throws IOException {
        for (long end = written(); digested < end; end = written()) {
            chunk.clear().limit((int) Math.min(CHUNK_BYTES, end - digested));
            int count = channel.read(chunk, digested);
            if (count < 0) {
                throw new EOFException("cut while it was written");
            }
            digest.update(chunk.flip());
            digested += count;
        }
    }

    /** The digest of all bytes that {@link #follow} read, in hexadecimal. It may be called once. */
    String hex() {
        return Digests.hex(digest);
    }
}
