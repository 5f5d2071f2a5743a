package io.espalier.cli;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.v1.LocalRecovery;
import io.espalier.v1.LoraRecovery;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Recovery;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of a prune request that say how the pruned model is recovered. */
final class RecoveryOptions {
    /** The only way to recover that {@code --recover} names. */
    private static final String LOCAL = "local";

    @Option(
            names = "--recover",
            paramLabel = "HOW",
            arity = "0..1",
            fallbackValue = "local",
            description = "Train what is left towards the dense model: local (default), each layer alone.")
    private @Nullable String recover;

    @Option(
            names = "--recover-order",
            paramLabel = "ORDER",
            description = "Of --recover local: parallel (default), sequential: each layer behind the recovered ones.")
    private @Nullable String recoverOrder;

    @Option(
            names = "--recover-steps",
            paramLabel = "N",
            description = "Steps of --recover in each layer. Default: 150.")
    private @Nullable Integer recoverSteps;

    @Option(names = "--recover-batch", paramLabel = "N", description = "Windows per step of --recover. Default: 16.")
    private @Nullable Integer recoverBatch;

    @Option(names = "--recover-rate", paramLabel = "X", description = "Learning rate of --recover. Default: 1e-3.")
    private @Nullable Double recoverRate;

    @Option(
            names = "--recover-text",
            paramLabel = "PATH",
            description = "Text that a recovery learns from. Default: the calibration text.")
    private @Nullable String recoverText;

    @Option(names = "--recover-field", paramLabel = "NAME", description = "Where its rows have their text.")
    private @Nullable String recoverField;

    @Option(
            names = "--recover-samples",
            paramLabel = "N",
            description = "Windows of the text that a recovery learns from. Default: 512.")
    private @Nullable Integer recoverSamples;

    @Option(
            names = "--lora-rank",
            paramLabel = "R",
            description = "Train adapters of this rank through all layers and merge them, behind --recover if given.")
    private @Nullable Integer loraRank;

    @Option(names = "--lora-alpha", paramLabel = "X", description = "Adapters weigh alpha / rank. Default: 16.")
    private @Nullable Double loraAlpha;

    @Option(
            names = "--lora-linears",
            paramLabel = "NAMES",
            split = ",",
            description = "Linear layers with adapters: q_proj, down_proj, … Default: all.")
    private @Nullable List<String> loraLinears;

    @Option(names = "--lora-objective", paramLabel = "NAME", description = "distill (default), next-token.")
    private @Nullable String loraObjective;

    @Option(names = "--lora-steps", paramLabel = "N", description = "Steps that train adapters. Default: 300.")
    private @Nullable Integer loraSteps;

    @Option(names = "--lora-batch", paramLabel = "N", description = "Windows per step of adapters. Default: 16.")
    private @Nullable Integer loraBatch;

    @Option(names = "--lora-rate", paramLabel = "X", description = "Learning rate of adapters. Default: 1e-3.")
    private @Nullable Double loraRate;

    @Option(
            names = "--lora-warmup",
            paramLabel = "N",
            description = "Steps in which that rate rises from 0. Default: a tenth of them.")
    private @Nullable Integer loraWarmup;

    @Option(
            names = "--keep-unrecovered",
            description = "Keep the pruned checkpoint as it was before the recovery too, as OUTPUT-unrecovered.")
    private @Nullable Boolean keepUnrecovered;

    /** {@code --recover} alone asks for a recovery, whose message is empty. */
    void changeIn(PruneRequest.Builder request) {
        Recovery from = request.getRecovery();
        Recovery.Builder builder = from.toBuilder();
        if (recover != null && !recover.equals(LOCAL)) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "--recover is \"%s\"; it must be %s. --lora-rank trains adapters".formatted(recover, LOCAL));
        }
        RequestOptions.change(from.getLocal(), local(from.getLocal()), builder::setLocal);
        RequestOptions.change(from.getLora(), lora(from.getLora()), builder::setLora);
        if (recover != null && !builder.hasLocal()) {
            builder.setLocal(LocalRecovery.getDefaultInstance());
        }
        RequestOptions.set(recoverText, builder::setText);
        RequestOptions.set(recoverField, builder::setTextField);
        RequestOptions.set(recoverSamples, builder::setSamples);
        RequestOptions.set(keepUnrecovered, builder::setKeepUnrecovered);
        RequestOptions.change(from, builder.build(), request::setRecovery);
    }

    private LocalRecovery local(LocalRecovery from) {
        LocalRecovery.Builder builder = from.toBuilder();
        RequestOptions.set(recoverOrder, builder::setOrder);
        RequestOptions.set(recoverSteps, builder::setSteps);
        RequestOptions.set(recoverBatch, builder::setBatch);
        RequestOptions.set(recoverRate, builder::setLearningRate);
        return builder.build();
    }

    private LoraRecovery lora(LoraRecovery from) {
        LoraRecovery.Builder builder = from.toBuilder();
        RequestOptions.set(loraRank, builder::setRank);
        RequestOptions.set(loraAlpha, builder::setAlpha);
        RequestOptions.set(loraLinears, given -> builder.clearLinears().addAllLinears(given));
        RequestOptions.set(loraObjective, builder::setObjective);
        RequestOptions.set(loraSteps, builder::setSteps);
        RequestOptions.set(loraBatch, builder::setBatch);
        RequestOptions.set(loraRate, builder::setLearningRate);
        RequestOptions.set(loraWarmup, builder::setWarmupSteps);
        return builder.build();
    }
}
