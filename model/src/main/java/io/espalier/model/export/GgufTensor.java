package io.espalier.model.export;

import java.util.function.IntUnaryOperator;

/**
 * One tensor of a GGUF file.
 *
 * @param rows 1 for a vector
 * @param columns values of one row
 * @param vector whether it has one axis alone
 * @param type how its values are stored
 */
record GgufTensor(String name, int rows, int columns, boolean vector, GgufType type, Source source) {
    /** Where the values of a tensor come from. */
    sealed interface Source {}

    /**
     * Rows of a stored tensor.
     *
     * @param tensor its name in the checkpoint
     * @param order the row of the stored tensor that a row of the file is; of a vector, the value that a value is
     * @param offset added to each value
     */
    record Stored(String tensor, IntUnaryOperator order, double offset) implements Source {}

    /** Values that no tensor of the checkpoint has. */
    record Given(float[] values) implements Source {
        Given {
            values = values.clone();
        }

        @Override
        public float[] values() {
            return values.clone();
        }
    }

    static GgufTensor vector(String name, int length, Source source) {
        return new GgufTensor(name, 1, length, true, GgufType.F32, source);
    }

    static GgufTensor matrix(String name, int rows, int columns, GgufType type, Source source) {
        return new GgufTensor(name, rows, columns, false, type.ofRows(columns), source);
    }

    long bytes() {
        return type.bytes((long) rows * columns);
    }
}
