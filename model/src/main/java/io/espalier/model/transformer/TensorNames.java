package io.espalier.model.transformer;

import io.espalier.model.checkpoint.ModelConfig;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What comes before the names of a checkpoint's tensors. Versions and programs differ in that: a decoder may have been saved by
 * itself, and a language model may be a part of a multimodal model.
 *
 * @param stored names of the checkpoint's tensors
 * @param outer what may stand before all names of the language model, what is usual first
 */
record TensorNames(Set<String> stored, List<String> outer) {
    private static final List<String> IN_MULTIMODAL =
            List.of("language_model.", "model.language_model.", "model.text_model.", "text_model.", "model.", "");

    static TensorNames of(ModelConfig config, Set<String> stored) {
        return new TensorNames(stored, config.isMultimodal() ? IN_MULTIMODAL : List.of(""));
    }

    /**
     * The prefix of a family's names, of several that it may have.
     *
     * @param probe beginning of a name that follows the prefix
     * @param inner the prefixes, the usual one first, which is taken if no name fits
     */
    String prefix(String probe, String... inner) {
        return outer.stream()
                .flatMap(before -> Stream.of(inner).map(prefix -> before + prefix))
                .filter(prefix -> stored.stream().anyMatch(name -> name.startsWith(prefix + probe)))
                .findFirst()
                .orElse(outer.get(0) + inner[0]);
    }

    /** The name under which one of the language model's tensors is stored. */
    Optional<String> find(String name) {
        return outer.stream()
                .map(before -> before + name)
                .filter(stored::contains)
                .findFirst();
    }

    /**
     * The output embedding: the one that is stored, else the token embedding, if the config allows it. Where the config ties
     * the two and both are stored, they are the same, or it is wrong; transformers 5 takes what is stored, too.
     *
     * @param names what it may be called, the usual name first
     */
    Parameter outputEmbedding(ModelConfig config, Parameter tokens, String... names) {
        Axis vocabulary = tokens.rows();
        Axis width = tokens.columns();
        return Stream.of(names)
                .flatMap(name -> find(name).stream())
                .findFirst()
                .map(name -> Parameter.matrix(name, vocabulary, width))
                .orElseGet(
                        () -> config.needsOutputEmbedding() ? Parameter.matrix(names[0], vocabulary, width) : tokens);
    }
}
