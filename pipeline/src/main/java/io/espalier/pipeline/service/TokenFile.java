package io.espalier.pipeline.service;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Static bearer tokens, for installations without an identity provider. Each line of the file has a name, its roles separated
 * by commas, and the SHA-256 of its token in hexadecimal digits; a line that begins with # is a comment. The token itself is
 * nowhere in it. A changed file is read again. If it cannot be used, the tokens before the change stay valid.
 */
final class TokenFile {
    private static final Logger LOG = LoggerFactory.getLogger(TokenFile.class);
    private static final int SHA_256_BYTES = 32;
    private static final Pattern LINE = Pattern.compile("(?<name>\\S+)\\s+(?<roles>\\S+)\\s+(?<digest>\\S+)");
    private static final Pattern COMMA = Pattern.compile(",");

    private final Path file;
    private volatile Content content;

    /** Whom a token belongs to. */
    record Holder(String name, Set<String> roles) {}

    private record Entry(Holder holder, byte[] sha256) {}

    /** A file that is replaced has another key, modification time or size. */
    private record Version(@Nullable Object fileKey, FileTime modified, long bytes) {
        private static Version of(Path file) throws IOException {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            return new Version(now.fileKey(), now.lastModifiedTime(), now.size());
        }
    }

    private record Content(Version version, List<Entry> entries) {}

    /** @throws EspalierException if the file cannot be read or a line is not as it should be */
    TokenFile(Path file) {
        this.file = file;
        try {
            this.content = read(Version.of(file));
        } catch (IOException e) {
            throw unusable("cannot be read: " + e);
        }
    }

    /** Whom the token belongs to. How long the search takes does not depend on the token. */
    Optional<Holder> holder(String token) {
        byte[] sought = sha256(token);
        Holder found = null;
        for (Entry entry : current().entries()) {
            if (MessageDigest.isEqual(entry.sha256(), sought)) {
                found = entry.holder();
            }
        }
        return Optional.ofNullable(found);
    }

    private Content current() {
        try {
            Version version = Version.of(file);
            if (!version.equals(content.version())) {
                reread(version);
            }
        } catch (IOException e) {
            LOG.warn("{} cannot be read; its last tokens stay valid: {}", file, e.toString());
        }
        return content;
    }

    private synchronized void reread(Version version) throws IOException {
        if (version.equals(content.version())) {
            return;
        }
        try {
            content = read(version);
            LOG.info("{} has changed: {} tokens", file, content.entries().size());
        } catch (EspalierException e) {
            // Not read again before it changes again.
            content = new Content(version, content.entries());
            LOG.error("the tokens before the change stay valid: {}", e.getMessage());
        }
    }

    private Content read(Version version) throws IOException {
        List<Entry> entries = new ArrayList<>();
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                entries.add(entry(line, i + 1));
            }
        }
        return new Content(version, List.copyOf(entries));
    }

    private Entry entry(String line, int number) {
        Matcher fields = LINE.matcher(line);
        if (!fields.matches()) {
            throw unusable("line %d needs a name, roles and a SHA-256".formatted(number));
        }
        Set<String> roles = COMMA.splitAsStream(fields.group("roles")).collect(Collectors.toUnmodifiableSet());
        if (!Roles.ALL.containsAll(roles)) {
            throw unusable("line %d names a role other than viewer, submitter and operator".formatted(number));
        }
        return new Entry(new Holder(fields.group("name"), roles), digest(fields.group("digest"), number));
    }

    private byte[] digest(String hexadecimal, int number) {
        try {
            byte[] digest = HexFormat.of().parseHex(hexadecimal);
            if (digest.length == SHA_256_BYTES) {
                return digest;
            }
        } catch (IllegalArgumentException e) {
            throw noDigest(number);
        }
        throw noDigest(number);
    }

    /** Names the line and not its text: somebody may have written the token itself there. */
    private EspalierException noDigest(int number) {
        return unusable("line %d has no SHA-256 of 64 hexadecimal digits; printf %%s TOKEN | sha256sum prints it"
                .formatted(number));
    }

    private EspalierException unusable(String what) {
        return new EspalierException(
                ErrorCode.INVALID_ARGUMENT, "espalier.auth.tokens-file %s: %s".formatted(file, what));
    }

    private static byte[] sha256(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
