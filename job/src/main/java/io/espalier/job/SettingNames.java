package io.espalier.job;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;

/** What users call the settings of the mathematics: fields of a request, and keys of the configuration. */
public final class SettingNames {
    private static final Map<Setting, String> NAMES = new EnumMap<>(Map.ofEntries(
            Map.entry(Setting.UNIT_RATIO, "pruning.unit_ratio"),
            Map.entry(Setting.PARAMETER_RATIO, "pruning.parameter_ratio"),
            Map.entry(Setting.BYTES, "pruning.bytes"),
            Map.entry(Setting.ATTENTION_UNIT, "pruning.attention_unit"),
            Map.entry(Setting.ATTENTION_ROUND_TO, "pruning.attention_round_to"),
            Map.entry(Setting.ROUND_TO, "pruning.round_to"),
            Map.entry(Setting.ALLOCATION, "pruning.allocation"),
            Map.entry(Setting.COMPENSATION, "pruning.compensation"),
            Map.entry(Setting.SELECTION, "pruning.selection"),
            Map.entry(Setting.LAYERS, "pruning.layers"),
            Map.entry(Setting.TARGET, "pruning.target"),
            Map.entry(Setting.SPARSITY, "pruning.sparsity"),
            Map.entry(Setting.LINEARS, "pruning.linears"),
            Map.entry(Setting.CRITERION, "scoring.criterion"),
            Map.entry(Setting.FORM, "scoring.form"),
            Map.entry(Setting.WEIGHT, "scoring.weight"),
            Map.entry(Setting.MAGNITUDE_P, "scoring.magnitude_p"),
            Map.entry(Setting.GRADIENT_SOURCE, "scoring.gradient.source"),
            Map.entry(Setting.DISTRIBUTION, "scoring.gradient.distribution"),
            Map.entry(Setting.EPSILON, "scoring.gradient.epsilon"),
            Map.entry(Setting.DRAWS, "scoring.gradient.draws"),
            Map.entry(Setting.EVALUATION_TEXT, "evaluation.text"),
            Map.entry(Setting.EVALUATION_RUNTIME, "evaluation.runtime"),
            Map.entry(Setting.RUNTIME, "export.runtime"),
            Map.entry(Setting.GGUF, "export.gguf"),
            Map.entry(Setting.RECOVERY_WINDOWS, "recovery.samples"),
            Map.entry(Setting.LOCAL_STEPS, "recovery.local.steps"),
            Map.entry(Setting.LOCAL_BATCH, "recovery.local.batch"),
            Map.entry(Setting.LOCAL_LEARNING_RATE, "recovery.local.learning_rate"),
            Map.entry(Setting.LORA_RANK, "recovery.lora.rank"),
            Map.entry(Setting.LORA_ALPHA, "recovery.lora.alpha"),
            Map.entry(Setting.LORA_LINEARS, "recovery.lora.linears"),
            Map.entry(Setting.LORA_STEPS, "recovery.lora.steps"),
            Map.entry(Setting.LORA_BATCH, "recovery.lora.batch"),
            Map.entry(Setting.LORA_LEARNING_RATE, "recovery.lora.learning_rate"),
            Map.entry(Setting.LORA_WARMUP_STEPS, "recovery.lora.warmup_steps"),
            Map.entry(Setting.COMPUTE_TYPE, "espalier.compute.type"),
            Map.entry(Setting.MEMORY_BUDGET, "espalier.memory.budget")));

    private SettingNames() {}

    /** @throws EspalierException whatever the work throws, with a refused setting under the name a user knows */
    public static <T> T named(Supplier<T> work) {
        try {
            return work.get();
        } catch (InvalidSetting refused) {
            throw new EspalierException(refused.code(), of(refused.setting()) + ": " + refused.reason(), refused);
        }
    }

    static String of(Setting setting) {
        String name = NAMES.get(setting);
        if (name == null) {
            throw new IllegalStateException("no user knows the setting " + setting);
        }
        return name;
    }
}
