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
 * SHA-256 of a file whose parts are written in any order. A digest takes its bytes in order, so it follows what is there
 * without a gap, while those bytes are still in the page cache.
 */
final class TrailingDigest {
    private static final int CHUNK_BYTES = 1 << 20;

    private final FileChannel channel;
    private final MessageDigest digest = Digests.digest();
    private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
    /** The end of each part behind the first gap, by its start. */
    private final Map<Long, Long> apart = new HashMap<>();

    private long written;
    private long digested;

    /** @param channel that can be read, too */
    TrailingDigest(FileChannel channel) {
        this.channel = channel;
    }

    /** Bytes [start, end) are there and will not change. */
    synchronized void written(long start, long end) {
        if (start < end) {
            apart.put(start, end);
        }
        for (Long next = apart.remove(written); next != null; next = apart.remove(written)) {
            written = next;
        }
    }

    private synchronized long written() {
        return written;
    }

    /** Digests what is there without a gap; one thread at a time. */
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

    /** Of all that was followed, once. */
    String hex() {
        return Digests.hex(digest);
    }
}
