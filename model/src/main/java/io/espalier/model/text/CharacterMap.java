package io.espalier.model.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * The {@code precompiled_charsmap} of a SentencePiece normalizer: in base64 the size in bytes of a double-array trie, the trie
 * ([units] of 32 bits), and the texts that its leaves point into. The library walks it without looking where its bounds are.
 */
final class CharacterMap {
    /** Those that one byte can lead to from a unit. */
    private static final int BLOCK = 256;

    private static final int LEAF = 1 << 31;

    private CharacterMap() {}

    /** What is wrong with it, if anything is. */
    static Optional<String> wrong(String base64) {
        byte[] map;
        try {
            map = Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            return Optional.of("is not base64");
        }
        ByteBuffer bytes = ByteBuffer.wrap(map).order(ByteOrder.LITTLE_ENDIAN);
        if (map.length < Integer.BYTES) {
            return Optional.of("has no trie");
        }
        int trie = bytes.getInt();
        if (trie <= 0 || trie % (BLOCK * Integer.BYTES) != 0 || trie > bytes.remaining()) {
            return Optional.of("has a trie of %d bytes in a map of %d".formatted(trie, map.length));
        }
        ByteBuffer texts = bytes.duplicate().position(Integer.BYTES + trie);
        try {
            StandardCharsets.UTF_8.newDecoder().decode(texts.duplicate());
        } catch (CharacterCodingException e) {
            return Optional.of("has texts that are not UTF-8");
        }
        int units = trie / Integer.BYTES;
        for (int i = 0; i < units; i++) {
            int unit = bytes.getInt();
            if (unit >= 0 ? (i ^ offset(unit)) >= units : !pointsAtACharacter(unit & ~LEAF, texts)) {
                return Optional.of("has a trie that leads outside");
            }
        }
        return Optional.empty();
    }

    private static int offset(int unit) {
        return (unit >>> 10) << ((unit & 1 << 9) >>> 6);
    }

    private static boolean pointsAtACharacter(int value, ByteBuffer texts) {
        boolean inside = value < texts.remaining();
        return value == texts.remaining() || (inside && (texts.get(texts.position() + value) & 0xc0) != 0x80);
    }
}
