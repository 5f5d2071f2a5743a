package io.espalier.job;

import static io.espalier.job.Fields.choice;
import static io.espalier.job.Fields.count;
import static io.espalier.job.Fields.invalid;

import io.espalier.model.recovery.LocalTraining;
import io.espalier.model.recovery.LoraTraining;
import io.espalier.v1.LocalRecovery;
import io.espalier.v1.LoraRecovery;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** {@link Recovery} on the wire. */
final class RecoveryMapper {
    private static final List<String> OBJECTIVES =
            Arrays.stream(LoraTraining.Objective.values()).map(Recovery::label).toList();
    private static final int MAX_STEPS = 1_000_000;
    private static final int MAX_RANK = 1 << 16;
    private static final int MAX_LINEARS = 64;
    private static final double LEARNING_RATE = 1e-3;
    private static final double ALPHA = 16;

    private RecoveryMapper() {}

    static Recovery recovery(io.espalier.v1.Recovery wire, Target target) {
        if (target instanceof Target.Layers && (wire.hasLocal() || !wire.hasLora())) {
            throw invalid(
                    "recovery.local",
                    "is for targets units, N:M and unstructured: each layer that target layers leaves is the dense"
                            + " model's and has nothing to learn from it; give recovery.lora alone, which trains them together");
        }
        if (target instanceof Target.Weights && wire.hasLora()) {
            throw invalid(
                    "recovery.lora",
                    "is for targets units and layers: adapters become part of the weights and would fill those that became zero;"
                            + " give recovery.local instead, which leaves them zero");
        }
        boolean local = wire.hasLocal() || !wire.hasLora();
        Recovery recovery = new Recovery(
                local ? Optional.of(local(wire.getLocal())) : Optional.empty(),
                wire.hasLora() ? Optional.of(lora(wire.getLora())) : Optional.empty(),
                text(wire),
                count(wire.getSamples(), 512, 1, RequestMapper.MAX_WINDOWS, "recovery.samples"),
                wire.getKeepUnrecovered());
        if (recovery.samples() <= recovery.batch()) {
            throw invalid(
                    "recovery.samples",
                    "is %d; it must be more than the %d windows of a batch, because some are held out"
                            .formatted(recovery.samples(), recovery.batch()));
        }
        requireNamesApart(recovery, target);
        return recovery;
    }

    private static Optional<JobSpec.Source> text(io.espalier.v1.Recovery wire) {
        if (wire.getText().isEmpty() && !wire.getTextField().isEmpty()) {
            throw invalid("recovery.text_field", "is given without recovery.text, whose rows it is about");
        }
        return wire.getText().isEmpty()
                ? Optional.empty()
                : Optional.of(new JobSpec.Source(wire.getText(), wire.getTextField(), 1));
    }

    private static void requireNamesApart(Recovery recovery, Target target) {
        Set<String> names = new HashSet<>(target.outputs());
        for (String output : target.outputs()) {
            if (recovery.keepUnrecovered() && !names.add(Recovery.unrecovered(output))) {
                throw invalid(
                        Recovery.KEEP_UNRECOVERED,
                        "makes \"%s\", which is another output of this job; give that another name"
                                .formatted(Fields.shortened(Recovery.unrecovered(output))));
            }
        }
    }

    private static LocalTraining local(LocalRecovery wire) {
        String order = choice(wire.getOrder(), "recovery.local.order", List.of(Recovery.PARALLEL, Recovery.SEQUENTIAL));
        return new LocalTraining(
                order.equals(Recovery.SEQUENTIAL),
                count(wire.getSteps(), 150, 1, MAX_STEPS, "recovery.local.steps"),
                count(wire.getBatch(), 16, 1, RequestMapper.MAX_WINDOWS, "recovery.local.batch"),
                wire.hasLearningRate() ? wire.getLearningRate() : LEARNING_RATE);
    }

    private static LoraTraining lora(LoraRecovery wire) {
        if (wire.getLinearsCount() > MAX_LINEARS) {
            throw invalid(
                    "recovery.lora.linears",
                    "has %d entries; at most %d".formatted(wire.getLinearsCount(), MAX_LINEARS));
        }
        int steps = count(wire.getSteps(), 300, 1, MAX_STEPS, "recovery.lora.steps");
        return new LoraTraining(
                count(wire.getRank(), 8, 1, MAX_RANK, "recovery.lora.rank"),
                wire.hasAlpha() ? wire.getAlpha() : ALPHA,
                wire.getLinearsList(),
                objective(choice(wire.getObjective(), "recovery.lora.objective", OBJECTIVES)),
                steps,
                count(wire.getBatch(), 16, 1, RequestMapper.MAX_WINDOWS, "recovery.lora.batch"),
                wire.hasLearningRate() ? wire.getLearningRate() : LEARNING_RATE,
                wire.hasWarmupSteps()
                        ? count(wire.getWarmupSteps(), 0, 0, MAX_STEPS, "recovery.lora.warmup_steps")
                        : steps / 10);
    }

    private static LoraTraining.Objective objective(String label) {
        return LoraTraining.Objective.valueOf(label.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    static io.espalier.v1.Recovery toWire(Recovery recovery) {
        io.espalier.v1.Recovery.Builder wire = io.espalier.v1.Recovery.newBuilder()
                .setSamples(recovery.samples())
                .setKeepUnrecovered(recovery.keepUnrecovered());
        recovery.text().ifPresent(text -> wire.setText(text.uri()).setTextField(text.column()));
        recovery.local()
                .ifPresent(local -> wire.setLocal(LocalRecovery.newBuilder()
                        .setOrder(Recovery.order(local))
                        .setSteps(local.steps())
                        .setBatch(local.batch())
                        .setLearningRate(local.learningRate())));
        recovery.lora()
                .ifPresent(lora -> wire.setLora(LoraRecovery.newBuilder()
                        .setRank(lora.rank())
                        .setAlpha(lora.alpha())
                        .addAllLinears(lora.linears())
                        .setObjective(Recovery.label(lora.objective()))
                        .setSteps(lora.steps())
                        .setBatch(lora.batch())
                        .setLearningRate(lora.learningRate())
                        .setWarmupSteps(lora.warmUp())));
        return wire.build();
    }
}
