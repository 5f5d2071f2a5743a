package io.espalier.model.parquet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;
import org.jspecify.annotations.Nullable;

/**
 * Makes JSON of a row: groups become objects, lists arrays, texts and numbers what they are, other bytes binary values that are
 * no text. What is not there is null. Lists are recognised by the format's rules, old writers' too.
 */
final class RowConverter extends RecordMaterializer<JsonNode> {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** A few bytes can stand for any number of equal values. */
    private static final int MAX_VALUES = 1_000_000;

    private static final int MAX_DEPTH = 64;

    private final Fields root;
    private JsonNode row = NullNode.instance;
    private int values;

    RowConverter(MessageType schema) throws ParquetException {
        this.root = new Fields(schema, done -> row = done, 0);
    }

    @Override
    public JsonNode getCurrentRecord() {
        return row;
    }

    @Override
    public GroupConverter getRootConverter() {
        return root;
    }

    private void count() {
        if (++values > MAX_VALUES) {
            throw new IllegalStateException("a row has more than %,d values".formatted(MAX_VALUES));
        }
    }

    private Converter converter(Type type, Consumer<JsonNode> done, int depth) throws ParquetException {
        if (depth > MAX_DEPTH) {
            throw new ParquetException("nests its columns more than %d deep".formatted(MAX_DEPTH));
        }
        if (type.isPrimitive()) {
            return new Value(type.asPrimitiveType(), done);
        }
        GroupType group = type.asGroupType();
        boolean list = type.getLogicalTypeAnnotation() instanceof LogicalTypeAnnotation.ListLogicalTypeAnnotation
                && group.getFieldCount() == 1
                && group.getType(0).isRepetition(Type.Repetition.REPEATED);
        return list ? new Items(group, done, depth) : new Fields(group, done, depth);
    }

    /** An object. Of a field that is repeated without a list around it an array is made. */
    private final class Fields extends GroupConverter {
        private final Converter[] fields;
        private final GroupType group;
        private final Consumer<JsonNode> done;
        private ObjectNode object = JSON.objectNode();

        Fields(GroupType group, Consumer<JsonNode> done, int depth) throws ParquetException {
            this.group = group;
            this.done = done;
            this.fields = new Converter[group.getFieldCount()];
            for (int i = 0; i < fields.length; i++) {
                Type type = group.getType(i);
                String name = type.getName();
                fields[i] = converter(
                        type,
                        type.isRepetition(Type.Repetition.REPEATED)
                                ? value -> ((ArrayNode) object.get(name)).add(value)
                                : value -> object.set(name, value),
                        depth + 1);
            }
        }

        @Override
        public Converter getConverter(int field) {
            return fields[field];
        }

        @Override
        public void start() {
            if (this == root) {
                values = 0;
            }
            count();
            object = JSON.objectNode();
            for (Type type : group.getFields()) {
                object.set(
                        type.getName(),
                        type.isRepetition(Type.Repetition.REPEATED) ? JSON.arrayNode() : NullNode.instance);
            }
        }

        @Override
        public void end() {
            done.accept(object);
        }
    }

    /** A list: its one field is repeated, and is the item itself or holds it. */
    private final class Items extends GroupConverter {
        private final Converter repeated;
        private final Consumer<JsonNode> done;
        private ArrayNode array = JSON.arrayNode();

        Items(GroupType list, Consumer<JsonNode> done, int depth) throws ParquetException {
            this.done = done;
            Type type = list.getType(0);
            this.repeated = isItem(type, list.getName())
                    ? converter(type, item -> array.add(item), depth + 1)
                    : new Item(type.asGroupType().getType(0), item -> array.add(item), depth + 1);
        }

        @Override
        public Converter getConverter(int field) {
            return repeated;
        }

        @Override
        public void start() {
            array = JSON.arrayNode();
        }

        @Override
        public void end() {
            done.accept(array);
        }
    }

    /** By the format's rules for lists, "backward compatibility". */
    private static boolean isItem(Type repeated, String list) {
        return repeated.isPrimitive()
                || repeated.asGroupType().getFieldCount() != 1
                || repeated.getName().equals("array")
                || repeated.getName().equals(list + "_tuple");
    }

    /** The group around one item, which may be null. */
    private final class Item extends GroupConverter {
        private final Converter item;
        private final Consumer<JsonNode> done;
        private @Nullable JsonNode current;

        Item(Type type, Consumer<JsonNode> done, int depth) throws ParquetException {
            this.item = converter(type, value -> current = value, depth + 1);
            this.done = done;
        }

        @Override
        public Converter getConverter(int field) {
            return item;
        }

        @Override
        public void start() {
            count();
            current = null;
        }

        @Override
        public void end() {
            done.accept(current == null ? NullNode.instance : current);
        }
    }

    private final class Value extends PrimitiveConverter {
        private final boolean text;
        private final Consumer<JsonNode> done;

        Value(PrimitiveType type, Consumer<JsonNode> done) {
            LogicalTypeAnnotation meaning = type.getLogicalTypeAnnotation();
            this.text = meaning instanceof LogicalTypeAnnotation.StringLogicalTypeAnnotation
                    || meaning instanceof LogicalTypeAnnotation.EnumLogicalTypeAnnotation
                    || meaning instanceof LogicalTypeAnnotation.JsonLogicalTypeAnnotation;
            this.done = done;
        }

        private void take(JsonNode value) {
            count();
            done.accept(value);
        }

        @Override
        public void addBinary(Binary value) {
            take(text ? JSON.textNode(decoded(value.toByteBuffer())) : JSON.binaryNode(value.getBytes()));
        }

        private String decoded(ByteBuffer bytes) {
            try {
                return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
            } catch (CharacterCodingException e) {
                throw new IllegalStateException("a text is not UTF-8", e);
            }
        }

        @Override
        public void addBoolean(boolean value) {
            take(JSON.booleanNode(value));
        }

        @Override
        public void addInt(int value) {
            take(JSON.numberNode(value));
        }

        @Override
        public void addLong(long value) {
            take(JSON.numberNode(value));
        }

        @Override
        public void addFloat(float value) {
            take(JSON.numberNode(value));
        }

        @Override
        public void addDouble(double value) {
            take(JSON.numberNode(value));
        }
    }
}
