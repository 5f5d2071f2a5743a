package io.espalier.pruner.domain;

import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.Target;
import io.espalier.job.UnitsRemoved;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.Profile;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.transformer.ModelSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The {@code README.md} of a pruned checkpoint, as model hubs show it: what was taken out, how, and how to load the rest. It says
 * what is known when the checkpoint is written; what is measured later is in the job's report.
 */
final class ModelCard {
    /** The name of a model on a hub. A path on a disk is none, and tells others nothing. */
    private static final Pattern HUB_NAME = Pattern.compile("[A-Za-z0-9][\\w.-]{0,95}/[A-Za-z0-9][\\w.-]{0,95}");

    private ModelCard() {}

    /** @param output name of the checkpoint */
    static String of(
            PruneJob job,
            String output,
            CheckpointEdit edit,
            WrittenConfig config,
            EditReport report,
            Checkpoint dense) {
        JobSpec spec = job.spec();
        List<String> lines = new ArrayList<>();
        lines.add("---");
        if (HUB_NAME.matcher(spec.model()).matches()) {
            lines.add("base_model: " + spec.model());
        }
        lines.add("library_name: transformers");
        lines.add("pipeline_tag: text-generation");
        lines.addAll(CardLicense.of(dense));
        lines.add("tags:");
        lines.add("- pruned");
        lines.add("- espalier");
        lines.add("---");
        lines.add("");
        lines.add("# %s, pruned".formatted(lastName(spec.model())));
        lines.add("");
        lines.add("Made from `%s` by Espalier, which prunes language models.".formatted(printable(spec.model())));
        lines.add("");
        lines.addAll(size(edit, config, dense));
        lines.add("");
        lines.add("## What was removed");
        lines.add("");
        lines.addAll(removed(job, output, edit, report));
        lines.add("");
        lines.add("## How to load it");
        lines.add("");
        lines.addAll(loading(config, dense));
        lines.add("");
        lines.add("`manifest.json` has the whole request, the digest of every file, and the shape of each layer.");
        return String.join("\n", lines) + "\n";
    }

    private static List<String> size(CheckpointEdit edit, WrittenConfig config, Checkpoint dense) {
        long before = ModelSize.of(dense.config(), dense.tensors().values(), 1).parameters();
        long after =
                edit.tensors().stream().mapToLong(tensor -> tensor.elements()).sum()
                        - dense.tensors().values().stream()
                                .mapToLong(tensor -> tensor.elements())
                                .sum()
                        + before;
        List<String> lines = new ArrayList<>();
        lines.add("| | before | after |");
        lines.add("| --- | --- | --- |");
        lines.add(String.format(
                Locale.ROOT, "| parameters | %,d | %,d (%.1f%%) |", before, after, 100.0 * after / before));
        lines.add("| layers | %d | %d |"
                .formatted(dense.config().layers().size(), edit.shapes().size()));
        lines.add("");
        lines.add("Profile `%s`: %s.".formatted(config.profile().wireName(), config.reason()));
        return lines;
    }

    private static List<String> removed(PruneJob job, String output, CheckpointEdit edit, EditReport report) {
        JobSpec spec = job.spec();
        Inspection inspection = job.inspection();
        List<String> lines = new ArrayList<>();
        if (spec.pruning().target() instanceof Target.Weights weights) {
            lines.add("%,d weights became zero where they are (%s). The files are as large as before."
                    .formatted(report.zeroedWeights(), weights.pattern().label()));
        }
        if (!report.keptLayers().isEmpty()) {
            lines.add("Whole layers. These are left, by their number in the dense model: %s."
                    .formatted(String.join(
                            ", ",
                            report.keptLayers().stream().map(String::valueOf).toList())));
        }
        if (spec.pruning().target() instanceof Target.Units) {
            lines.add("| of layers %s | before | removed |"
                    .formatted(inspection.scope().words()));
            lines.add("| --- | --- | --- |");
            UnitsRemoved.of(spec, inspection, output, edit.shapes())
                    .forEach(
                            kind -> lines.add("| %s | %d | %d |".formatted(kind.kind(), kind.units(), kind.removed())));
            lines.add("");
            lines.addAll(shapes(edit.shapes()));
        }
        lines.add("");
        lines.add("Chosen by criterion `%s`%s, measured on %d windows of %d tokens."
                .formatted(
                        spec.scoring().criterion(),
                        spec.pruning().target() instanceof Target.Units units
                                ? " with compensation `%s`"
                                        .formatted(units.compensation().label())
                                : "",
                        inspection.calibrationWindows(),
                        spec.calibration().sequenceLength()));
        if (spec.pruning().target() instanceof Target.Units units
                && units.search().isPresent()) {
            lines.add("");
            lines.add("How much each layer keeps was searched; `%s` has what was measured and compared."
                    .formatted(SearchDetails.FILE));
        }
        return lines;
    }

    /** Layers with one shape stand in one line. */
    private static List<String> shapes(List<LayerShape> shapes) {
        List<String> lines = new ArrayList<>(List.of(
                "| layers | query heads | KV heads | size of a head | FFN channels |",
                "| --- | --- | --- | --- | --- |"));
        int first = 0;
        for (int layer = 1; layer <= shapes.size(); layer++) {
            LayerShape shape = shapes.get(first);
            if (layer == shapes.size() || !shapes.get(layer).equals(shape)) {
                String range = first == layer - 1 ? String.valueOf(first) : first + "–" + (layer - 1);
                lines.add("| %s | %d | %d | %d | %d |"
                        .formatted(range, shape.heads(), shape.kvHeads(), shape.headDim(), shape.ffnChannels()));
                first = layer;
            }
        }
        return lines;
    }

    private static List<String> loading(WrittenConfig config, Checkpoint dense) {
        if (dense.config().isMultimodal() && config.profile() == Profile.PER_LAYER) {
            return List.of(
                    "The layers of its language model differ, which no stock runtime expresses for this model. Espalier reads it.");
        }
        String modelClass = dense.config().isMultimodal() ? "AutoModelForImageTextToText" : "AutoModelForCausalLM";
        String code = config.code().isEmpty() ? "" : ", trust_remote_code=True";
        List<String> lines = new ArrayList<>(List.of(
                "```python",
                "from transformers import AutoTokenizer, " + modelClass,
                "",
                "model = %s.from_pretrained(\"FOLDER\", dtype=\"auto\"%s)".formatted(modelClass, code),
                "tokenizer = AutoTokenizer.from_pretrained(\"FOLDER\")",
                "```"));
        if (!config.code().isEmpty()) {
            lines.add("");
            lines.add(
                    ("transformers 5.15 or later. The layers differ, and `modeling_espalier.py`, which lies in this folder, builds"
                            + " each with its own shape; `trust_remote_code` lets it."));
        }
        if (dense.config().has("attn_logit_softcapping")) {
            lines.add("");
            lines.add(
                    "Give `attn_implementation=\"eager\"` too: the faster kernels of transformers leave out this family's caps on attention.");
        }
        return lines;
    }

    private static String lastName(String model) {
        String[] segments = printable(model).split("/", -1);
        String last = segments[segments.length - 1];
        return last.isEmpty() ? "Model" : last;
    }

    /** Names are what a user sends; nothing of them may become markup. */
    private static String printable(String name) {
        return name.replaceAll("[^\\w./:@+-]", "_");
    }
}
