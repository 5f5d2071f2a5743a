package io.espalier.model.artifact;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * A folder in which users may name files: the models, or the texts. Nothing outside it is opened, and no error message
 * reveals its path.
 */
public final class Root {
    private static final int MAX_CHARS = 4096;
    /** At least two letters: one letter before a colon is a Windows drive. */
    private static final Pattern SCHEME = Pattern.compile("(?<scheme>[A-Za-z][A-Za-z0-9+.-]+):(?<rest>.*)");

    private static final Pattern SEPARATOR = Pattern.compile("[/\\\\]");

    private final Path folder;

    public Root(Path folder) {
        this.folder = folder.toAbsolutePath().normalize();
    }

    /**
     * Resolves what a user names: a path relative to the root, an absolute path or a {@code file:} URI inside it, all
     * with percent-encoding.
     *
     * @param field of the request, for messages
     * @return the real path, links resolved
     * @throws EspalierException {@code MODEL_URI_FORBIDDEN} for anything that leads elsewhere, {@code MODEL_NOT_FOUND}
     *     when nothing is there, {@code INVALID_ARGUMENT} when nothing is named
     */
    public Path resolve(String field, String uri) {
        if (uri.isEmpty()) {
            throw new EspalierException(ErrorCode.INVALID_ARGUMENT, field + ": missing; name a path inside its root");
        }
        Path named = named(field, uri);
        try {
            Path realRoot = folder.toRealPath();
            if (!named.startsWith(folder) && !named.startsWith(realRoot)) {
                throw forbidden(field, "leads outside its root");
            }
            Path real = named.toRealPath();
            if (!real.startsWith(realRoot)) {
                throw forbidden(field, "is a link that leads outside its root");
            }
            return real;
        } catch (NoSuchFileException e) {
            throw new EspalierException(
                    ErrorCode.MODEL_NOT_FOUND, "%s: no file or folder %s in its root".formatted(field, Quoted.of(uri)));
        } catch (IOException e) {
            throw new EspalierException(
                    ErrorCode.MODEL_NOT_FOUND, "%s: %s cannot be read in its root".formatted(field, Quoted.of(uri)));
        }
    }

    private Path named(String field, String uri) {
        if (uri.length() > MAX_CHARS) {
            throw forbidden(field, "longer than " + MAX_CHARS + " characters");
        }
        String path = decoded(field, withoutScheme(field, uri));
        if (path.chars().anyMatch(Character::isISOControl)) {
            throw forbidden(field, "has a control character");
        }
        for (String segment : SEPARATOR.split(path, -1)) {
            if (segment.strip().equals("..")) {
                throw forbidden(field, "must not climb with ..");
            }
        }
        try {
            return folder.resolve(path).normalize();
        } catch (InvalidPathException e) {
            throw forbidden(field, "is no path");
        }
    }

    private static String withoutScheme(String field, String uri) {
        var scheme = SCHEME.matcher(uri);
        if (!scheme.matches()) {
            return uri;
        }
        String rest = scheme.group("rest");
        if (!scheme.group("scheme").equalsIgnoreCase("file")) {
            throw forbidden(field, "only a path or a file: URI is read");
        }
        if (rest.startsWith("//") && !rest.startsWith("///")) {
            throw forbidden(field, "a file: URI must not name a host");
        }
        if (rest.contains("?") || rest.contains("#")) {
            throw forbidden(field, "a file: URI must not have a query or fragment");
        }
        return rest.startsWith("///") ? rest.substring(2) : rest;
    }

    private static String decoded(String field, String text) {
        try {
            // A plus is a plus in a path.
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw forbidden(field, "has a broken percent-encoding");
        }
    }

    private static EspalierException forbidden(String field, String why) {
        return new EspalierException(ErrorCode.MODEL_URI_FORBIDDEN, field + ": " + why);
    }
}
