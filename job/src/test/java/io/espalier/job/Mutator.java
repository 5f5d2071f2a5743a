package io.espalier.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Seeded mutants of a corpus. Half of those of a JSON text are changed as a tree, so that they are still JSON and get past the
 * parser: values become hostile ones, change places, or go. All others are changed as bytes.
 */
final class Mutator {
    private static final int EDITS = 6;
    private static final int LONGEST_RANGE = 64;
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private static final List<JsonNode> HOSTILE = List.of(
            NODES.nullNode(),
            NODES.booleanNode(true),
            NODES.numberNode(0),
            NODES.numberNode(-1),
            NODES.numberNode(1),
            NODES.numberNode(3),
            NODES.numberNode(Integer.MAX_VALUE),
            NODES.numberNode(1L << 31),
            NODES.numberNode(Long.MAX_VALUE),
            NODES.numberNode(Long.MIN_VALUE),
            NODES.numberNode(BigInteger.ONE.shiftLeft(64)),
            NODES.numberNode(1e308),
            NODES.numberNode(1e-308),
            NODES.numberNode(0.5),
            NODES.textNode(""),
            NODES.textNode(" "),
            NODES.textNode("NaN"),
            NODES.textNode("1e9999999"),
            NODES.textNode("\u0000"),
            NODES.textNode("\ud800"),
            NODES.textNode("\ud83d\ude00"),
            NODES.textNode("%s%n{}"),
            NODES.textNode("../../etc/passwd"),
            NODES.textNode("(a+)+$"),
            NODES.textNode("(?<!a)(?=b)["),
            NODES.textNode("x".repeat(10_000)),
            NODES.arrayNode(),
            NODES.objectNode());

    private final SplittableRandom random;
    private final List<byte[]> corpus;

    Mutator(long seed, List<byte[]> corpus) {
        this.random = new SplittableRandom(seed);
        this.corpus = corpus;
    }

    byte[] next() {
        byte[] good = corpus.get(random.nextInt(corpus.size()));
        if (random.nextBoolean()) {
            try {
                JsonNode tree = JSON.readTree(good);
                if (tree != null && tree.isContainerNode()) {
                    return JSON.writeValueAsBytes(changed(tree));
                }
            } catch (JsonProcessingException e) {
                // Not JSON: bytes, then.
            } catch (IOException e) {
                throw new IllegalStateException("nothing is read or written", e);
            }
        }
        return changed(good);
    }

    private JsonNode changed(JsonNode tree) {
        for (int edits = 1 + random.nextInt(EDITS); edits > 0; edits--) {
            List<JsonNode> containers = new ArrayList<>();
            List<JsonNode> all = new ArrayList<>();
            collect(tree, containers, all);
            JsonNode container = containers.get(random.nextInt(containers.size()));
            JsonNode value = random.nextBoolean()
                    ? HOSTILE.get(random.nextInt(HOSTILE.size()))
                    : all.get(random.nextInt(all.size()));
            if (container instanceof ObjectNode object && !object.isEmpty()) {
                change(object, value.deepCopy());
            } else if (container instanceof ArrayNode array) {
                change(array, value.deepCopy());
            }
        }
        return tree;
    }

    private void change(ObjectNode object, JsonNode value) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        String name = names.get(random.nextInt(names.size()));
        switch (random.nextInt(4)) {
            case 0 -> object.remove(name);
            case 1 -> object.set(value.isTextual() ? value.textValue() : name + "x", object.get(name));
            default -> object.set(name, value);
        }
    }

    private void change(ArrayNode array, JsonNode value) {
        if (array.isEmpty() || random.nextInt(3) == 0) {
            array.add(value);
        } else if (random.nextInt(3) == 0) {
            array.remove(random.nextInt(array.size()));
        } else {
            array.set(random.nextInt(array.size()), value);
        }
    }

    private static void collect(JsonNode node, List<JsonNode> containers, List<JsonNode> all) {
        all.add(node);
        if (node.isContainerNode()) {
            containers.add(node);
            node.forEach(child -> collect(child, containers, all));
        }
    }

    private byte[] changed(byte[] good) {
        byte[] bytes = good;
        for (int edits = 1 + random.nextInt(EDITS); edits > 0; edits--) {
            int at = random.nextInt(bytes.length + 1);
            int end = Math.min(bytes.length, at + random.nextInt(LONGEST_RANGE));
            bytes = switch (random.nextInt(6)) {
                case 0 -> joined(bytes, at, new byte[] {(byte) random.nextInt(256)}, Math.min(at + 1, bytes.length));
                case 1 -> joined(bytes, at, "{}[]\":,0-.e\\ \n".substring(random.nextInt(13)), at);
                case 2 ->
                    joined(
                            bytes,
                            at,
                            HOSTILE.get(random.nextInt(HOSTILE.size())).toString(),
                            end);
                case 3 -> joined(bytes, at, "", end);
                case 4 -> joined(bytes, end, new String(bytes, at, end - at, StandardCharsets.ISO_8859_1), end);
                default -> joined(bytes, at, "", random.nextInt(8) == 0 ? bytes.length : end);
            };
        }
        return bytes;
    }

    private static byte[] joined(byte[] bytes, int to, String between, int rest) {
        return joined(bytes, to, between.getBytes(StandardCharsets.ISO_8859_1), rest);
    }

    private static byte[] joined(byte[] bytes, int to, byte[] between, int rest) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(bytes, 0, to);
        all.writeBytes(between);
        all.write(bytes, rest, bytes.length - rest);
        return all.toByteArray();
    }
}
