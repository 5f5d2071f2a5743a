package io.espalier.model.file;

import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** SHA-256 digests in lower-case hexadecimal. */
public final class Digests {
    private static final int CHUNK_BYTES = 1 << 20;

    private Digests() {}

    public static String sha256(byte[] bytes) {
        MessageDigest digest = digest();
        digest.update(bytes);
        return hex(digest);
    }

    /** @throws EspalierException {@code MODEL_NOT_FOUND} naming a file that cannot be read */
    public static String sha256(Path file) {
        MessageDigest digest = digest();
        RegularFile.require(file, ErrorCode.MODEL_NOT_FOUND, String.valueOf(file.getFileName()));
        try (InputStream in = Files.newInputStream(file)) {
            byte[] chunk = new byte[CHUNK_BYTES];
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                Cancellation.check();
                digest.update(chunk, 0, count);
            }
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.MODEL_NOT_FOUND, file.getFileName() + ": cannot be read", e);
        }
        return hex(digest);
    }

    /**
     * One digest for several files: the digest of the lines {@code sha256  name} that {@code sha256sum} prints for
     * them.
     */
    public static String sha256(List<Path> files) {
        StringBuilder lines = new StringBuilder();
        for (Path file : files) {
            lines.append(sha256(file)).append("  ").append(file.getFileName()).append('\n');
        }
        return sha256(lines.toString().getBytes(StandardCharsets.UTF_8));
    }

    public static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    public static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
