package io.espalier.model.checkpoint;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import java.util.List;
import java.util.regex.Pattern;

/** What the name of a stored tensor says about it, whatever the family. */
final class StoredNames {
    /** Buffers that older versions of transformers stored. They follow from the config, and no weight stands in them. */
    private static final Pattern BUFFER = Pattern.compile(
            "(.*\\.)?(rotary_emb\\.(inv_freq|cos_cached|sin_cached)|masked_bias|attn\\.bias|attention\\.bias|attn\\.masked_bias"
                    + "|embeddings\\.position_ids|embed_positions\\.inv_freq)");

    /** Endings of the tensors that GPTQ, AWQ, compressed-tensors and bitsandbytes put in a weight's place. */
    private static final List<String> QUANTIZED = List.of(
            ".qweight",
            ".qzeros",
            ".g_idx",
            ".weight_packed",
            ".weight_scale",
            ".weight_zero_point",
            ".weight_shape",
            ".SCB",
            ".absmax",
            ".quant_map",
            ".weight_format");

    private static final Pattern IN_A_LAYER = Pattern.compile("(.*\\.)?(layers|h)\\.\\d+\\..+");

    private static final Pattern OF_LANGUAGE_MODEL = Pattern.compile(".*(language_model|text_model)\\..+");

    private StoredNames() {}

    /** Whether this is a buffer that the model's code makes itself; {@code attn.bias} is a mask, {@code attn.c_attn.bias} is not. */
    static boolean isBuffer(String tensor) {
        return BUFFER.matcher(tensor).matches();
    }

    /** Whether this tensor of a multimodal model belongs to its language model; what does not is carried along, whatever it is. */
    static boolean isOfLanguageModel(String tensor) {
        return OF_LANGUAGE_MODEL.matcher(tensor).matches();
    }

    /** Whether the tensor belongs to a decoder layer. */
    static boolean isInALayer(String tensor) {
        return IN_A_LAYER.matcher(tensor).matches();
    }

    /** @throws EspalierException {@code MODEL_UNSUPPORTED} for a tensor that only a quantised checkpoint has */
    static void requireDense(String tensor) {
        if (QUANTIZED.stream().anyMatch(tensor::endsWith)) {
            throw new EspalierException(ErrorCode.MODEL_UNSUPPORTED, quantized("tensor " + Quoted.of(tensor)));
        }
    }

    /** @param where what shows it */
    static String quantized(String where) {
        return where + ": the weights are quantised (GPTQ, AWQ, compressed-tensors or bitsandbytes) and are not read;"
                + " use the dense model that they were made from, or dequantise it: in Python,"
                + " AutoModelForCausalLM.from_pretrained(MODEL).dequantize().save_pretrained(FOLDER)";
    }
}
