package io.espalier.scorer.domain;

import io.espalier.base.EspalierException;
import io.espalier.job.JobSpec;
import io.espalier.job.Target;
import io.espalier.model.InvalidSetting;
import io.espalier.model.LayerShape;
import io.espalier.model.Setting;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.export.GgufExport;
import io.espalier.model.export.TargetRuntime;
import io.espalier.model.pruning.Allocation;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.ModelLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whether the runtime that a job names will load what the job makes, as far as that is known before anything is scored. */
final class RuntimeCheck {
    private static final String DEFAULT = "default";

    private RuntimeCheck() {}

    /**
     * The layers to prune: all, unless the request says others, for a runtime that takes only layers of one shape, and for a
     * search, which finds out itself which layers a model can least do without.
     */
    static String layers(JobSpec spec, ModelConfig dense) {
        boolean all = spec.pruning().target() instanceof Target.Units units
                && (units.search().isPresent() || !spec.export().runtime().takesLayersThatDiffer(dense));
        String asked = spec.pruning().layers();
        return all && asked.equals(DEFAULT) ? "all" : asked;
    }

    /** @throws EspalierException {@code INVALID_ARGUMENT} naming what the runtime or a GGUF file cannot express */
    static void check(JobSpec spec, Checkpoint dense, ModelLayout layout, LayerScope scope) {
        if (spec.export().gguf().isPresent()) {
            GgufExport.tokenizerRefusal(dense).ifPresent(reason -> {
                throw new InvalidSetting(Setting.GGUF, reason);
            });
        }
        if (spec.evaluation().needsLlamaCpp()) {
            ModelConfig config = dense.config();
            requireMeasurable(GgufExport.tokenizerRefusal(dense));
            requireMeasurable(GgufExport.refusal(config, config.layers(), false));
        }
        if (spec.pruning().target() instanceof Target.Units units) {
            check(spec, units, dense, layout, scope);
        } else {
            check(spec, dense.config(), dense.config().layers(), false);
        }
    }

    private static void check(
            JobSpec spec, Target.Units units, Checkpoint dense, ModelLayout layout, LayerScope scope) {
        ModelConfig config = dense.config();
        TargetRuntime runtime = spec.export().runtime();
        if (!units.uniform()) {
            if (!runtime.takesLayersThatDiffer(config)) {
                throw new InvalidSetting(
                        Setting.ALLOCATION,
                        "is %s, which gives each layer a shape of its own, and %s needs one for all of them; leave it out"
                                .formatted(units.allocation(), runtime.label()));
            }
            // Which shapes the scores or a search lead to is known when the units are chosen.
            return;
        }
        Allocation allocation = spec.allocation(units, layout);
        PrunedTensors tensors = new PrunedTensors(dense, units.compensation());
        for (Target.Variant variant : units.variants()) {
            List<LayerShape> shapes =
                    variant.budget().spend(allocation.shapes(config.layers(), scope, Map.of()), tensors);
            check(spec, config, shapes, units.compensation().addsBiases());
        }
    }

    private static void check(JobSpec spec, ModelConfig dense, List<LayerShape> shapes, boolean outputBiases) {
        JobSpec.Export export = spec.export();
        export.runtime().require(dense, shapes, outputBiases, export.gguf().isPresent());
        if (spec.evaluation().needsLlamaCpp()) {
            requireMeasurable(GgufExport.refusal(dense, shapes, outputBiases));
        }
    }

    private static void requireMeasurable(Optional<String> refusal) {
        refusal.ifPresent(reason -> {
            throw new InvalidSetting(Setting.EVALUATION_RUNTIME, "is llama.cpp, which does not load this: " + reason);
        });
    }
}
