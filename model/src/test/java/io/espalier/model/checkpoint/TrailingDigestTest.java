package io.espalier.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.model.file.Digests;
import io.espalier.model.file.DurableFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrailingDigestTest {
    /** More bytes than the digest reads at a time. */
    private static final int LENGTH = (5 << 20) + 7;

    private static final int GAP = LENGTH / 3;

    private final byte[] content = new byte[LENGTH];

    @TempDir
    Path folder;

    private FileChannel channel;

    @BeforeEach
    void openFile() throws IOException {
        new Random(1).nextBytes(content);
        channel = FileChannel.open(
                folder.resolve("weights"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    @AfterEach
    void closeFile() throws IOException {
        channel.close();
    }

    @Test
    void followsOnlyTheBytesBeforeTheFirstGap() throws IOException {
        // Given
        TrailingDigest digest = new TrailingDigest(channel);
        write(digest, 2 * GAP, LENGTH);
        write(digest, 0, GAP);
        digest.follow();

        // When
        String soFar = digest.hex();

        // Then
        assertThat(soFar).isEqualTo(Digests.sha256(Arrays.copyOf(content, GAP)));
    }

    @Test
    void partsInAnyOrderGiveTheDigestOfTheFile() throws IOException {
        // Given
        TrailingDigest digest = new TrailingDigest(channel);
        write(digest, 2 * GAP, LENGTH);
        digest.follow();
        // A tensor without elements starts at the same byte as the next one.
        write(digest, GAP, GAP);
        write(digest, GAP, 2 * GAP);
        digest.follow();
        write(digest, 0, GAP);
        digest.follow();

        // When
        String whole = digest.hex();

        // Then
        assertThat(whole).isEqualTo(Digests.sha256(content));
    }

    @Test
    void fileTruncatedWhileItIsWrittenIsNoticed() throws IOException {
        // Given
        TrailingDigest digest = new TrailingDigest(channel);
        write(digest, 0, GAP);
        channel.truncate(GAP - 1);

        // When, then
        assertThatThrownBy(digest::follow).isInstanceOf(EOFException.class);
    }

    private void write(TrailingDigest digest, int start, int end) throws IOException {
        DurableFile.writeFully(channel, ByteBuffer.wrap(content, start, end - start), start);
        digest.written(start, end);
    }
}
