package io.espalier.model.export;

import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.ModelLayout;
import java.util.List;
import java.util.Optional;

/**
 * Sliding windows. Gemma's architectures know by a layer's index whether it has one, Phi-3's has one in all layers, and the others
 * have none. Where that is not the model, texts up to the length of the window are right anyway, because a window sees all of them.
 *
 * @param size value of {@code attention.sliding_window}; 0 for an architecture that has no such key
 * @param context longest text in tokens that is right
 * @param notes what a user should know
 */
record GgufWindows(int size, int context, List<String> notes) {
    /** More than any text has, and small enough for sums of it and a batch. */
    private static final int UNLIMITED = 1 << 28;

    GgufWindows {
        notes = List.copyOf(notes);
    }

    /** @param positions longest text of the model in tokens */
    static GgufWindows of(GgufArchitecture architecture, ModelLayout model, int positions) {
        int window = smallest(model);
        boolean keyed = hasKey(architecture);
        int size = !keyed ? 0 : window == 0 ? UNLIMITED : window;
        if (window == 0 || window >= positions || (keyed && asArchitecture(architecture, model))) {
            List<String> notes = architecture.is(GgufArchitecture.PHI3) && window > 0 && window < positions
                    ? List.of(
                            "versions of llama.cpp after the tested one ignore the sliding window of phi3, so texts of more than %d tokens differ there"
                                    .formatted(window))
                    : List.of();
            return new GgufWindows(size, positions, notes);
        }
        return new GgufWindows(
                size,
                window,
                List.of(
                        "the context is limited to the sliding window of %d tokens, because the architecture %s has no such windows"
                                .formatted(window, architecture.name())));
    }

    /** Layers of Gemma 3 with a window rotate otherwise, so that no length of text is right if they are others. */
    static Optional<String> refusal(GgufArchitecture architecture, ModelLayout model) {
        boolean wrong = architecture.is(GgufArchitecture.GEMMA3) && !asArchitecture(architecture, model);
        return wrong
                ? Optional.of("layer_types: in the architecture gemma3 each sixth layer has no sliding window and the"
                        + " others have; keep all layers")
                : Optional.empty();
    }

    private static boolean hasKey(GgufArchitecture architecture) {
        return architecture.is(GgufArchitecture.GEMMA2)
                || architecture.is(GgufArchitecture.GEMMA3)
                || architecture.is(GgufArchitecture.PHI3);
    }

    private static boolean asArchitecture(GgufArchitecture architecture, ModelLayout model) {
        return model.layers().stream()
                .allMatch(layer -> (layer.attention().scores().window() > 0) == slides(architecture, layer.index()));
    }

    static boolean slides(GgufArchitecture architecture, int layer) {
        return switch (architecture.name()) {
            case "gemma2" -> layer % 2 == 0;
            case "gemma3" -> layer % 6 < 5;
            default -> architecture.is(GgufArchitecture.PHI3);
        };
    }

    private static int smallest(ModelLayout model) {
        return model.layers().stream()
                .map(LayerLayout::attention)
                .mapToInt(attention -> attention.scores().window())
                .filter(window -> window > 0)
                .min()
                .orElse(0);
    }
}
