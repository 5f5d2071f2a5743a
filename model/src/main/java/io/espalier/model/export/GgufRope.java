package io.espalier.model.export;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.model.checkpoint.Rope;
import io.espalier.model.export.GgufArchitecture.Trait;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.Rotation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rotary positions. Scalings that keep a pair's frequency for texts of every length (llama3, YaRN) are written as the divisor of
 * each pair, so that it does not matter how llama.cpp would derive them.
 */
final class GgufRope {
    private GgufRope() {}

    static void write(GgufArchitecture architecture, ModelLayout model, GgufMetadata metadata) {
        Rotation rotation = rotation(architecture, model);
        if (rotation == null) {
            return;
        }
        String prefix = architecture.name() + ".rope.";
        Rope rope = rotation.rope();
        metadata.unsigned(
                prefix + "dimension_count", 2L * rotation.frequencies(1).perPair().length);
        metadata.real(prefix + "freq_base", rope.theta());
        double factor = rotation.frequencies(1).factor();
        switch (rope.type()) {
            case "linear" ->
                metadata.text(prefix + "scaling.type", "linear")
                        .real(
                                prefix + "scaling.factor",
                                rope.parameter("factor").doubleValue());
            case "longrope" -> {
                if (architecture.has(Trait.LONG_AND_SHORT)) {
                    metadata.text(prefix + "scaling.type", "longrope")
                            .unsigned(prefix + "scaling.original_context_length", rope.originalPositions());
                }
                metadata.real(prefix + "scaling.attn_factor", factor);
            }
            case "yarn" -> metadata.real(prefix + "scaling.attn_factor", factor);
            default -> {}
        }
    }

    /** The divisors of the frequencies, one for each pair. */
    static List<GgufTensor> tensors(GgufArchitecture architecture, ModelLayout model) {
        List<GgufTensor> tensors = new ArrayList<>();
        Rotation rotation = rotation(architecture, model);
        if (rotation == null) {
            return tensors;
        }
        Rope rope = rotation.rope();
        switch (rope.type()) {
            case "llama3", "yarn" -> tensors.add(divisors("rope_freqs.weight", divisors(rotation)));
            case "longrope" -> {
                if (!architecture.has(Trait.LONG_AND_SHORT)) {
                    tensors.add(divisors("rope_freqs.weight", divisors(rotation)));
                    return tensors;
                }
                tensors.add(divisors("rope_factors_long.weight", listed(rope.parameter("long_factor"))));
                tensors.add(divisors("rope_factors_short.weight", listed(rope.parameter("short_factor"))));
            }
            default -> {}
        }
        return tensors;
    }

    /** The longest text that is right: those of longrope beyond the original context need other divisors. */
    static int positions(GgufArchitecture architecture, ModelLayout model, int positions) {
        Rotation rotation = rotation(architecture, model);
        return rotation != null && rotation.rope().type().equals("longrope") && !architecture.has(Trait.LONG_AND_SHORT)
                ? Math.min(positions, rotation.rope().originalPositions())
                : positions;
    }

    /** What a user should know. */
    static List<String> notes(GgufArchitecture architecture, ModelLayout model) {
        Rotation rotation = rotation(architecture, model);
        if (rotation == null || !rotation.rope().type().equals("longrope")) {
            return List.of();
        }
        int original = rotation.rope().originalPositions();
        return List.of(
                architecture.has(Trait.LONG_AND_SHORT)
                        ? "llama.cpp rotates all texts as long ones if its context has more than %d tokens; start it with that many for short texts"
                                .formatted(original)
                        : "the context is limited to the original one of %d tokens, because the architecture %s has one set of rotary frequencies"
                                .formatted(original, architecture.name()));
    }

    /** That of the layers without a sliding window, since llama.cpp has the other one built in. */
    private static @Nullable Rotation rotation(GgufArchitecture architecture, ModelLayout model) {
        return model.layers().stream()
                .filter(layer ->
                        !architecture.is(GgufArchitecture.GEMMA3) || !GgufWindows.slides(architecture, layer.index()))
                .findFirst()
                .orElse(model.layers().get(0))
                .attention()
                .rotation();
    }

    private static float[] divisors(Rotation rotation) {
        Rope rope = rotation.rope();
        double[] scaled = rotation.frequencies(1).perPair();
        float[] divisors = new float[scaled.length];
        for (int i = 0; i < scaled.length; i++) {
            divisors[i] = (float) (Math.pow(rope.theta(), -(double) i / scaled.length) / scaled[i]);
        }
        return divisors;
    }

    private static float[] listed(JsonNode list) {
        float[] values = new float[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.path(i).floatValue();
        }
        return values;
    }

    private static GgufTensor divisors(String name, float[] values) {
        return GgufTensor.vector(name, values.length, new GgufTensor.Given(values));
    }
}
