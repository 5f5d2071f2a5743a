package io.espalier.cli;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.request.RequestJson;
import io.espalier.v1.Budget;
import io.espalier.v1.Calibration;
import io.espalier.v1.Evaluation;
import io.espalier.v1.Export;
import io.espalier.v1.GradientSource;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import io.espalier.v1.Scoring;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options for all fields of a prune request. An option overrides the field of the request file. */
final class RequestOptions {
    /** A request has at most 32 KiB. A file may have comments too. */
    private static final int MAX_FILE_BYTES = 1_000_000;

    @Option(names = "-f", paramLabel = "FILE", description = "The request as YAML or proto3 JSON; flags override it.")
    private @Nullable Path file;

    @Option(names = "--id", paramLabel = "ID", description = "Job id. Default: a new one.")
    private @Nullable String id;

    @Option(names = "--model", paramLabel = "PATH", description = "Checkpoint folder, inside the root of the models.")
    private @Nullable String model;

    @Option(names = "--output", paramLabel = "NAME", description = "Artifact folder to create. Default: the job id.")
    private @Nullable String output;

    @Option(names = "--seed", paramLabel = "N", description = "Every random choice follows from it. Default: 0.")
    private @Nullable Long seed;

    @Option(
            names = "--priority",
            paramLabel = "N",
            description = "From -100 to 100. Jobs that wait begin in this order, the highest first. Default: 0.")
    private @Nullable Integer priority;

    @Option(names = "--calibration", paramLabel = "PATH", description = "Text to measure importance on.")
    private @Nullable String calibration;

    @Option(
            names = "--text-field",
            paramLabel = "NAME",
            description = "Where rows of the calibration text have their text. Default: text, content, messages.")
    private @Nullable String textField;

    @Option(
            names = "--windows",
            paramLabel = "HOW",
            description = "Calibration windows: joined (default), per-document.")
    private @Nullable String windows;

    @Option(
            names = "--bos",
            negatable = true,
            fallbackValue = "true",
            description =
                    "Whether windows begin with the token that begins a sequence. Default: as the tokenizer has it.")
    private @Nullable Boolean bos;

    @Option(names = "--samples", paramLabel = "N", description = "Calibration windows. Default: 64.")
    private @Nullable Integer samples;

    @Option(names = "--sequence-length", paramLabel = "N", description = "Tokens per calibration window. Default: 128.")
    private @Nullable Integer sequenceLength;

    @Option(names = "--criterion", paramLabel = "NAME", description = "obs (default), fms, taylor, gblm, wanda-sp, …")
    private @Nullable String criterion;

    @Option(
            names = "--controls",
            paramLabel = "MODE",
            description = "Controls of fms: ranks (default), perplexity, off.")
    private @Nullable String controls;

    @Option(names = "--magnitude-p", paramLabel = "P", description = "Exponent of magnitude: 1 (default), 2.")
    private @Nullable Integer magnitudeP;

    @Option(names = "--form", paramLabel = "NAME", description = "Form of fms or taylor. Default: product, vectorize.")
    private @Nullable String form;

    @Option(names = "--weight", paramLabel = "A", description = "Weight of the additive form of fms and of blend.")
    private @Nullable Double weight;

    @Option(names = "--gradient", paramLabel = "SOURCE", description = "zeroth-order (default of fms), backprop.")
    private @Nullable String gradientSource;

    @Option(names = "--distribution", paramLabel = "NAME", description = "gaussian (default), rademacher, rank-one.")
    private @Nullable String distribution;

    @Option(names = "--draws", paramLabel = "N", description = "Perturbation draws. Default: 8.")
    private @Nullable Integer draws;

    @Option(names = "--compare", paramLabel = "SOURCE", description = "backprop: rank beside exact gradients.")
    private @Nullable String compare;

    @Option(names = "--scores-of", paramLabel = "OUTPUT", description = "Use the scores of an earlier artifact.")
    private @Nullable String scoresOf;

    @Option(names = "--epsilon", paramLabel = "X", description = "Step of the central difference. Default: 1e-3.")
    private @Nullable Double epsilon;

    @Option(
            names = {"--unit-ratio", "--ratio"},
            paramLabel = "R",
            split = ",",
            description = "Share of units to remove, in (0, 1); several (0.2,0.35) make a checkpoint each.")
    private @Nullable List<Double> ratios;

    @Option(
            names = "--parameter-ratio",
            paramLabel = "R",
            description = "Instead of --unit-ratio: least share of the model's parameters to remove.")
    private @Nullable Double parameterRatio;

    @Option(
            names = "--bytes",
            paramLabel = "N",
            description = "Instead of --unit-ratio: most bytes of tensors to leave.")
    private @Nullable Long bytes;

    @Option(
            names = "--target",
            paramLabel = "WHAT",
            description = "units (default), layers, N:M such as 2:4, unstructured.")
    private @Nullable String target;

    @Option(names = "--sparsity", paramLabel = "R", description = "Share of zeros of target unstructured, in (0, 1).")
    private @Nullable Double sparsity;

    @Option(
            names = "--linears",
            paramLabel = "NAMES",
            split = ",",
            description = "Of targets N:M and unstructured: all, mlp, attention, down_proj, …")
    private @Nullable List<String> linears;

    @Option(names = "--selection", paramLabel = "WAY", description = "one-shot (default), sequential.")
    private @Nullable String selection;

    @Option(
            names = "--layers",
            paramLabel = "RANGE",
            description = "default (where searched: all), all, a range such as 4:30 or a list such as 0,2,4-10.")
    private @Nullable String layers;

    @Option(
            names = "--allocation",
            paramLabel = "NAME",
            description = "uniform (default), global, searched: by what each cut is measured to cost.")
    private @Nullable String allocation;

    @Option(
            names = "--search-effort",
            paramLabel = "NAME",
            description = "Of --allocation searched: measured (default), estimate, which is faster.")
    private @Nullable String searchEffort;

    @Option(
            names = "--attention-unit",
            paramLabel = "WHAT",
            description = "kv-group (default), query-head: query heads inside each KV group; keys and values stay.")
    private @Nullable String attentionUnit;

    @Option(
            names = "--only",
            paramLabel = "HALF",
            description = "attention or mlp: nothing else loses units. Default: both.")
    private @Nullable String only;

    @Option(
            names = "--attention-round-to",
            paramLabel = "N",
            description = "Kept KV groups (or query heads of each) are a multiple of it. Default: 1.")
    private @Nullable Integer attentionRoundTo;

    @Option(names = "--round-to", paramLabel = "N", description = "Kept FFN widths are a multiple of it. Default: 32.")
    private @Nullable Integer roundTo;

    @Option(
            names = "--runtime",
            paramLabel = "NAME",
            description = "What must load the result: transformers (default), vllm, llama.cpp, any.")
    private @Nullable String runtime;

    @Option(
            names = "--gguf",
            paramLabel = "TYPE",
            description = "A GGUF file beside the checkpoint: f16 (default for llama.cpp), f32, bf16, q8_0, none.")
    private @Nullable String gguf;

    @Option(names = "--compensation", paramLabel = "NAME", description = "least-squares (default), bias, none.")
    private @Nullable String compensation;

    @Option(names = "--compensation-target", paramLabel = "NAME", description = "blend (default), own.")
    private @Nullable String compensationTarget;

    @Option(names = "--evaluation", paramLabel = "PATH", description = "Held-out text. Default: the calibration text.")
    private @Nullable String evaluation;

    @Option(
            names = "--evaluation-field",
            paramLabel = "NAME",
            description = "Where rows of the held-out text have their text. Default: text, content, messages.")
    private @Nullable String evaluationField;

    @Option(
            names = "--evaluation-length",
            paramLabel = "N",
            description = "Tokens per evaluation window. Default: 128.")
    private @Nullable Integer evaluationLength;

    @Option(names = "--evaluation-windows", paramLabel = "N", description = "Evaluation windows. Default: all.")
    private @Nullable Integer evaluationWindows;

    @Option(
            names = "--evaluation-runtime",
            paramLabel = "NAME",
            description = "What prefill and decode are timed in: llama.cpp (default where it can be), espalier.")
    private @Nullable String evaluationRuntime;

    @Option(names = "--skip-speed", description = "Do not time prefill and decode.")
    private @Nullable Boolean skipSpeed;

    @Mixin
    private MeasureOptions measured = new MeasureOptions();

    @Mixin
    private RecoveryOptions recovery = new RecoveryOptions();

    /**
     * Builds the request from the file and the options.
     *
     * @return the request; its request_id is empty if neither the file nor an option gives one
     * @throws EspalierException {@code MALFORMED_MESSAGE} or {@code MODEL_NOT_FOUND} if the file does not contain a request
     */
    PruneRequest request() {
        PruneRequest.Builder request = base().toBuilder();
        set(id, request::setRequestId);
        set(model, request::setModel);
        set(output, request::setOutput);
        set(seed, request::setSeed);
        set(priority, request::setPriority);
        // A part that no option sets stays absent. The pipeline compares digests of requests to tell a repetition from
        // a
        // conflict, and an empty part would change the digest.
        change(request.getCalibration(), calibration(request.getCalibration()), request::setCalibration);
        change(request.getScoring(), scoring(request.getScoring()), request::setScoring);
        change(request.getPruning(), pruning(request.getPruning()), request::setPruning);
        change(request.getEvaluation(), evaluation(request.getEvaluation()), request::setEvaluation);
        change(request.getExport(), export(request.getExport()), request::setExport);
        recovery.changeIn(request);
        return request.build();
    }

    private PruneRequest base() {
        if (file == null) {
            return PruneRequest.getDefaultInstance();
        }
        try {
            return RequestJson.fromYaml(text(file));
        } catch (EspalierException e) {
            throw new EspalierException(e.code(), file + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT, "-f " + file + " cannot be read as UTF-8 text; name a request file", e);
        }
    }

    private static String text(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
            if (bytes.length > MAX_FILE_BYTES) {
                throw new EspalierException(
                        ErrorCode.INVALID_ARGUMENT,
                        "larger than %d bytes; name a request file".formatted(MAX_FILE_BYTES));
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        }
    }

    private Calibration calibration(Calibration from) {
        Calibration.Builder builder = from.toBuilder();
        set(calibration, builder::setText);
        set(textField, builder::setTextField);
        set(windows, builder::setWindows);
        set(bos, builder::setBos);
        set(samples, builder::setSamples);
        set(sequenceLength, builder::setSequenceLength);
        return builder.build();
    }

    private Scoring scoring(Scoring from) {
        Scoring.Builder builder = from.toBuilder();
        set(criterion, builder::setCriterion);
        set(controls, builder::setControls);
        set(magnitudeP, builder::setMagnitudeP);
        set(form, builder::setForm);
        set(weight, builder::setWeight);
        set(scoresOf, builder::setScoresOf);
        change(from.getGradient(), gradient(from.getGradient()), builder::setGradient);
        return builder.build();
    }

    private GradientSource gradient(GradientSource from) {
        GradientSource.Builder builder = from.toBuilder();
        set(gradientSource, builder::setSource);
        set(distribution, builder::setDistribution);
        set(draws, builder::setDraws);
        set(epsilon, builder::setEpsilon);
        set(compare, builder::setCompare);
        return builder.build();
    }

    private Pruning pruning(Pruning from) {
        Pruning.Builder builder = from.toBuilder();
        set(ratios, given -> setRatios(given, builder));
        set(target, builder::setTarget);
        set(sparsity, builder::setSparsity);
        set(linears, given -> builder.clearLinears().addAllLinears(given));
        set(selection, builder::setSelection);
        set(parameterRatio, builder::setParameterRatio);
        set(bytes, builder::setBytes);
        set(layers, builder::setLayers);
        set(allocation, builder::setAllocation);
        set(searchEffort, effort -> builder.getSearchBuilder().setEffort(effort));
        set(roundTo, builder::setRoundTo);
        set(attentionUnit, builder::setAttentionUnit);
        set(only, builder::setOnly);
        set(attentionRoundTo, builder::setAttentionRoundTo);
        set(compensation, builder::setCompensation);
        set(compensationTarget, builder::setCompensationTarget);
        return builder.build();
    }

    private static void setRatios(List<Double> ratios, Pruning.Builder pruning) {
        if (ratios.size() == 1) {
            pruning.setUnitRatio(ratios.get(0));
        } else {
            ratios.forEach(ratio -> pruning.addBudgets(Budget.newBuilder().setUnitRatio(ratio)));
        }
    }

    private Evaluation evaluation(Evaluation from) {
        Evaluation.Builder builder = from.toBuilder();
        set(evaluation, builder::setText);
        set(evaluationField, builder::setTextField);
        set(bos, builder::setBos);
        set(evaluationLength, builder::setSequenceLength);
        set(evaluationWindows, builder::setMaxWindows);
        set(skipSpeed, builder::setSkipSpeed);
        set(evaluationRuntime, builder::setRuntime);
        measured.changeIn(builder);
        return builder.build();
    }

    private Export export(Export from) {
        Export.Builder builder = from.toBuilder();
        set(runtime, builder::setRuntime);
        set(gguf, builder::setGguf);
        return builder.build();
    }

    static <T> void set(@Nullable T flag, Consumer<T> setter) {
        if (flag != null) {
            setter.accept(flag);
        }
    }

    static <T> void change(T before, T after, Consumer<T> setter) {
        if (!after.equals(before)) {
            setter.accept(after);
        }
    }
}
