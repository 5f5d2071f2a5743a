package io.espalier.model.transformer;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How token ids become the hidden states that enter the first layer.
 *
 * @param tokens token embedding [vocabulary, e]
 * @param projection P, [d, e], from the width of the embedding to that of the residual stream; null where they are the same
 * @param scale factor of each row
 * @param positions learned position embeddings, which are added; null for none
 * @param norm norm of the sum; null for none
 */
public record Embedding(
        Parameter tokens,
        @Nullable Parameter projection,
        double scale,
        @Nullable LearnedPositions positions,
        @Nullable Norm norm) {
    /**
     * Learned position embeddings.
     *
     * @param table [offset + positions, d]
     * @param offset row of position 0
     */
    public record LearnedPositions(Parameter table, int offset) {
        int count() {
            return table.rows().length() - offset;
        }
    }

    /** A token embedding without positions and norm. */
    static Embedding scaled(Parameter tokens, double scale) {
        return new Embedding(tokens, null, scale, null, null);
    }

    /** Whether rows of this tensor are looked up. */
    boolean isTable(String name) {
        return name.equals(tokens.name())
                || (positions != null && name.equals(positions.table().name()));
    }

    /** All tensors of the embedding. */
    public List<Parameter> parameters() {
        List<Parameter> parameters = new ArrayList<>();
        parameters.add(tokens);
        if (projection != null) {
            parameters.add(projection);
        }
        if (positions != null) {
            parameters.add(positions.table());
        }
        if (norm != null) {
            parameters.addAll(norm.parameters());
        }
        return parameters;
    }

    /** The longest sequence in tokens; {@link Integer#MAX_VALUE} without learned positions. */
    public int maxPositions() {
        return positions == null ? Integer.MAX_VALUE : positions.count();
    }

    /**
     * Embeds windows of tokens.
     *
     * @param windows token ids [b][t]
     * @param first position of each window's first token
     * @return [b, t, d], in {@code target}
     */
    Tensor embed(Checkpoint checkpoint, int[][] windows, int first, Scope target) {
        int length = windows[0].length;
        int[] ids = Arrays.stream(windows).flatMapToInt(Arrays::stream).toArray();
        try (Scope scope = Scope.open()) {
            Kernels kernels = new Kernels(scope);
            Tensor rows = StoredWeights.gatherRows(checkpoint, tokens.name(), ids, scope);
            Tensor x = kernels.reshape(rows, windows.length, length, rows.dim(1));
            if (scale != 1) {
                x = kernels.scaled(x, scale);
            }
            if (projection != null) {
                x = kernels.linear(x, StoredWeights.read(checkpoint, projection.name(), scope));
            }
            if (positions != null) {
                int row = positions.offset() + first;
                int[] rowsOfPositions = IntStream.range(row, row + length).toArray();
                x = kernels.add(
                        x,
                        StoredWeights.gatherRows(checkpoint, positions.table().name(), rowsOfPositions, scope));
            }
            if (norm != null) {
                try (LayerWeights weights = LayerWeights.read(checkpoint, norm.parameters(), ComputeType.FP32)) {
                    x = norm.apply(x, weights::get, scope);
                }
            }
            return x.keepIn(target);
        }
    }
}
