package io.espalier.model.export;

import io.espalier.model.LayerShape;
import io.espalier.model.export.GgufArchitecture.Pairs;
import io.espalier.model.export.GgufArchitecture.Trait;
import io.espalier.model.transformer.Activation;
import io.espalier.model.transformer.Attention;
import io.espalier.model.transformer.FeedForward;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.Norm;
import io.espalier.model.transformer.Parameter;
import io.espalier.model.transformer.QueryKeyValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** The tensors of a model under llama.cpp's names and in the order of rows that it wants. */
final class GgufTensors {
    private final GgufArchitecture architecture;
    private final GgufType type;
    private final Set<String> zeros;
    private final List<GgufTensor> tensors = new ArrayList<>();

    private GgufTensors(GgufArchitecture architecture, GgufType type, Set<String> zeros) {
        this.architecture = architecture;
        this.type = type;
        this.zeros = zeros;
    }

    /** @param zeros names of biases that are zero */
    static List<GgufTensor> of(GgufArchitecture architecture, ModelLayout model, GgufType type, Set<String> zeros) {
        GgufTensors all = new GgufTensors(architecture, type, zeros);
        Parameter tokens = model.embedding().tokens();
        all.matrix("token_embd", tokens);
        all.norm("token_embd_norm", model.embedding().norm());
        for (LayerLayout layer : model.layers()) {
            all.layer(layer);
        }
        all.norm("output_norm", model.output().norm());
        Parameter output = model.output().embedding();
        if (!output.name().equals(tokens.name()) || architecture.has(Trait.UNTIED)) {
            all.matrix("output", output);
        }
        return all.tensors;
    }

    static Activation activation(FeedForward feedForward) {
        if (feedForward instanceof FeedForward.Gated gated) {
            return gated.activation();
        }
        return feedForward instanceof FeedForward.GatedStacked stacked
                ? stacked.activation()
                : ((FeedForward.Plain) feedForward).activation();
    }

    private void layer(LayerLayout layer) {
        String block = "blk.%d.".formatted(layer.index());
        Attention attention = layer.attention();
        norm(block + "attn_norm", layer.aroundAttention().input());
        projections(block, attention.projection(), attention.shape());
        norm(block + "attn_q_norm", attention.queryNorm());
        norm(block + "attn_k_norm", attention.keyNorm());
        linear(block + "attn_output", attention.output());
        norm(block + "post_attention_norm", layer.aroundAttention().output());
        norm(block + "ffn_norm", layer.aroundFeedForward().input());
        feedForward(block, layer.feedForward(), layer.shape());
        norm(block + "post_ffw_norm", layer.aroundFeedForward().output());
    }

    private void projections(String block, QueryKeyValue projection, LayerShape shape) {
        int queries = shape.heads() * shape.headDim();
        int keys = shape.kvHeads() * shape.headDim();
        IntUnaryOperator pairs = rotated(shape.headDim());
        if (projection instanceof QueryKeyValue.Separate separate) {
            rows(block + "attn_q", separate.query(), queries, pairs);
            rows(block + "attn_k", separate.key(), keys, pairs);
            rows(block + "attn_v", separate.value(), keys, row -> row);
        } else if (projection instanceof QueryKeyValue.Stacked stacked) {
            if (architecture.has(Trait.STACKED)) {
                linear(block + "attn_qkv", stacked.fused());
            } else {
                rows(block + "attn_q", stacked.fused(), queries, pairs);
                rows(block + "attn_k", stacked.fused(), keys, row -> queries + pairs.applyAsInt(row));
                rows(block + "attn_v", stacked.fused(), keys, row -> queries + keys + row);
            }
        } else if (projection instanceof QueryKeyValue.Interleaved interleaved) {
            rows(block + "attn_qkv", interleaved.fused(), 3 * queries, stacked(shape));
        }
    }

    /**
     * Where the two positions of a head that are rotated together must be neighbours, row 2i of a head is its row i, and row 2i+1
     * its row i + D/2. A layer's own number of heads does not matter, since each head keeps its rows.
     */
    private IntUnaryOperator rotated(int headDim) {
        if (architecture.pairs() != Pairs.NEIGHBOURS) {
            return row -> row;
        }
        return row -> {
            int inHead = row % headDim;
            return row - inHead + inHead / 2 + inHead % 2 * (headDim / 2);
        };
    }

    /** All queries, then all keys, then all values, of rows that have those of a head behind each other. */
    private static IntUnaryOperator stacked(LayerShape shape) {
        int part = shape.heads() * shape.headDim();
        int headDim = shape.headDim();
        return row -> {
            int head = row % part / headDim;
            return (head * 3 + row / part) * headDim + row % headDim;
        };
    }

    private void feedForward(String block, FeedForward feedForward, LayerShape shape) {
        int channels = shape.ffnChannels();
        if (feedForward instanceof FeedForward.Gated gated) {
            linear(block + "ffn_gate", gated.gate());
            linear(block + "ffn_up", gated.up());
        } else if (feedForward instanceof FeedForward.GatedStacked stacked) {
            if (architecture.has(Trait.STACKED)) {
                linear(block + "ffn_up", stacked.gateUp());
            } else {
                rows(block + "ffn_gate", stacked.gateUp(), channels, row -> row);
                rows(block + "ffn_up", stacked.gateUp(), channels, row -> channels + row);
            }
        } else if (feedForward instanceof FeedForward.Plain plain) {
            linear(block + "ffn_up", plain.up());
        }
        linear(block + "ffn_down", feedForward.down());
    }

    private void linear(String name, Linear linear) {
        rows(name, linear, linear.outputs(), row -> row);
    }

    private void rows(String name, Linear linear, int rows, IntUnaryOperator order) {
        tensors.add(GgufTensor.matrix(
                name + ".weight",
                rows,
                linear.inputs(),
                type,
                new GgufTensor.Stored(linear.weight().name(), order, 0)));
        Parameter bias = linear.bias();
        if (bias != null && architecture.keeps(bias, zeros)) {
            tensors.add(GgufTensor.vector(name + ".bias", rows, new GgufTensor.Stored(bias.name(), order, 0)));
        }
    }

    private void matrix(String name, Parameter parameter) {
        tensors.add(GgufTensor.matrix(
                name + ".weight",
                parameter.rows().length(),
                parameter.columns().length(),
                type,
                new GgufTensor.Stored(parameter.name(), row -> row, 0)));
    }

    private void norm(String name, @Nullable Norm norm) {
        if (norm instanceof Norm.Rms rms) {
            vector(name + ".weight", rms.weight(), rms.offset());
        } else if (norm instanceof Norm.Layer layer) {
            vector(name + ".weight", layer.weight(), 0);
            vector(name + ".bias", layer.bias(), 0);
        }
    }

    private void vector(String name, Parameter parameter, double offset) {
        tensors.add(GgufTensor.vector(
                name, parameter.rows().length(), new GgufTensor.Stored(parameter.name(), row -> row, offset)));
    }
}
