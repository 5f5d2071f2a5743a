package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.file.Resource;
import java.util.Map;

/**
 * The Python file with which stock transformers builds a model whose layers differ. It is the same for every family but for
 * the name of the class that it extends.
 */
final class ModellingFile {
    private static final String MODULE = "modeling_espalier";
    private static final String NAME = MODULE + ".py";
    private static final String CONFIG_CLASS = "EspalierConfig";

    /** How transformers begins the names of a model type's classes. */
    private static final Map<String, String> CLASSES = Map.ofEntries(
            Map.entry("llama", "Llama"),
            Map.entry("mistral", "Mistral"),
            Map.entry("qwen2", "Qwen2"),
            Map.entry("qwen3", "Qwen3"),
            Map.entry("gemma", "Gemma"),
            Map.entry("gemma2", "Gemma2"),
            Map.entry("gemma3_text", "Gemma3"),
            Map.entry("phi3", "Phi3"),
            Map.entry("granite", "Granite"),
            Map.entry("smollm3", "SmolLM3"),
            Map.entry("gpt_neox", "GPTNeoX"),
            Map.entry("opt", "OPT"),
            Map.entry("bloom", "Bloom"));

    private ModellingFile() {}

    /**
     * Makes a config name this file.
     *
     * @return the files to put beside the config
     */
    static Map<String, String> nameIn(ObjectNode json, String modelType) {
        String family = CLASSES.get(modelType);
        String modelClass = family + "ForCausalLM";
        json.putObject("auto_map")
                .put("AutoConfig", MODULE + "." + CONFIG_CLASS)
                .put("AutoModelForCausalLM", MODULE + "." + modelClass);
        json.putArray("architectures").add(modelClass);
        return Map.of(NAME, Resource.text(ModellingFile.class, NAME).replace("{{FAMILY}}", family));
    }
}
