package io.espalier.job;

import io.espalier.model.LayerShape;
import io.espalier.model.evaluation.TextProtocol;
import io.espalier.model.tensor.Computation;
import io.espalier.model.zeroshot.ZeroShotTask;
import io.espalier.v1.JobInputs;
import io.espalier.v1.NumericProfile;
import java.util.Arrays;
import java.util.Map;

/** {@link Inspection} on the wire. */
public final class InspectionMapper {
    private static final String ENGINE = "engine";
    private static final String DEVICE = "device";
    private static final String INSTRUCTION_SET = "instruction_set";

    private InspectionMapper() {}

    public static JobInputs toWire(Inspection inspection) {
        JobInputs.Builder inputs = JobInputs.newBuilder()
                .setFamily(inspection.family())
                .setParameters(inspection.parameters())
                .setModelSha256(inspection.modelSha256())
                .setCalibrationSha256(inspection.calibrationSha256())
                .setEvaluationSha256(inspection.evaluationSha256())
                .setCalibrationWindows(inspection.calibrationWindows())
                .setEvaluationWindows(inspection.evaluationWindows())
                .setFirstLayer(inspection.firstLayer())
                .setLastLayer(inspection.lastLayer())
                .addAllSparedLayers(inspection.sparedLayers())
                .setProfile(NumericProfile.newBuilder()
                        .setEngine(inspection.profile().getOrDefault(ENGINE, ""))
                        .setDevice(inspection.profile().getOrDefault(DEVICE, ""))
                        .setInstructionSet(inspection.profile().getOrDefault(INSTRUCTION_SET, ""))
                        .setThreads(inspection.threads())
                        .setComputeType(inspection.computation().type().spelled())
                        .setMemoryBudget(inspection.computation().budget().bytes()))
                .setCalibration(toWire(inspection.calibration()))
                .setEvaluation(toWire(inspection.evaluation()))
                .setRecoverySha256(inspection.recoverySha256())
                .addAllNotes(inspection.notes());
        inspection.layers().forEach(layer -> inputs.addLayers(toWire(layer)));
        inspection.files().forEach(file -> inputs.addFiles(toWire(file)));
        inspection.tasks().forEach(task -> inputs.addTasks(toWire(task)));
        inspection.texts().forEach(text -> inputs.addTexts(toWire(text)));
        return inputs.build();
    }

    public static Inspection fromWire(JobInputs inputs) {
        NumericProfile profile = inputs.getProfile();
        return new Inspection(
                inputs.getFamily(),
                inputs.getLayersList().stream().map(InspectionMapper::fromWire).toList(),
                inputs.getParameters(),
                inputs.getModelSha256(),
                inputs.getCalibrationSha256(),
                inputs.getEvaluationSha256(),
                inputs.getCalibrationWindows(),
                inputs.getEvaluationWindows(),
                inputs.getFirstLayer(),
                inputs.getLastLayer(),
                inputs.getSparedLayersList(),
                profile.getThreads(),
                computation(profile),
                Map.of(
                        ENGINE, profile.getEngine(),
                        DEVICE, profile.getDevice(),
                        INSTRUCTION_SET, profile.getInstructionSet()),
                inputs.getFilesList().stream().map(InspectionMapper::fromWire).toList(),
                fromWire(inputs.getCalibration()),
                fromWire(inputs.getEvaluation()),
                inputs.getTasksList().stream().map(InspectionMapper::fromWire).toList(),
                inputs.getTextsList().stream().map(InspectionMapper::fromWire).toList(),
                inputs.getRecoverySha256(),
                inputs.getNotesList());
    }

    public static io.espalier.v1.TextRead toWire(TextRead read) {
        return io.espalier.v1.TextRead.newBuilder()
                .setDocuments(read.documents())
                .setTokens(read.tokens())
                .addAllBeginning(Arrays.stream(read.beginning()).boxed().toList())
                .setBeginningText(read.beginningText())
                .build();
    }

    private static TextRead fromWire(io.espalier.v1.TextRead read) {
        return new TextRead(
                read.getDocuments(),
                read.getTokens(),
                read.getBeginningList().stream().mapToInt(Integer::intValue).toArray(),
                read.getBeginningText());
    }

    private static io.espalier.v1.TaskRead toWire(TaskRead read) {
        return io.espalier.v1.TaskRead.newBuilder()
                .setTask(read.task().label())
                .setQuestions(read.questions())
                .setLongest(read.longest())
                .setSha256(read.sha256())
                .build();
    }

    private static TaskRead fromWire(io.espalier.v1.TaskRead read) {
        ZeroShotTask task = ZeroShotTask.named(read.getTask())
                .orElseThrow(() -> new IllegalStateException("no task of this version: " + read.getTask()));
        return new TaskRead(task, read.getQuestions(), read.getLongest(), read.getSha256());
    }

    private static io.espalier.v1.MeasuredTextRead toWire(MeasuredTextRead read) {
        return io.espalier.v1.MeasuredTextRead.newBuilder()
                .setProtocol(read.protocol().label())
                .setWindows(read.windows())
                .setLongest(read.longest())
                .setPredictions(read.predictions())
                .setDocuments(read.documents())
                .setWords(read.words())
                .setBytes(read.bytes())
                .addAllBeginning(Arrays.stream(read.beginning()).boxed().toList())
                .setBeginningText(read.beginningText())
                .setSha256(read.sha256())
                .build();
    }

    private static MeasuredTextRead fromWire(io.espalier.v1.MeasuredTextRead read) {
        TextProtocol protocol = TextProtocol.named(read.getProtocol(), Integer.MAX_VALUE)
                .orElseThrow(() -> new IllegalStateException("no protocol of this version: " + read.getProtocol()));
        return new MeasuredTextRead(
                protocol,
                read.getWindows(),
                read.getLongest(),
                read.getPredictions(),
                read.getDocuments(),
                read.getWords(),
                read.getBytes(),
                read.getBeginningList().stream().mapToInt(Integer::intValue).toArray(),
                read.getBeginningText(),
                read.getSha256());
    }

    /** Where the file lies on its device is no matter of other processes. */
    private static io.espalier.v1.InputFile toWire(InputFile file) {
        return io.espalier.v1.InputFile.newBuilder()
                .setField(file.field())
                .setName(file.name())
                .setBytes(file.bytes())
                .setModifiedNanos(file.modified())
                .build();
    }

    private static InputFile fromWire(io.espalier.v1.InputFile file) {
        return new InputFile(file.getField(), file.getName(), file.getBytes(), file.getModifiedNanos(), "");
    }

    /** Jobs of earlier versions name no compute type: they were computed in fp32. */
    private static Computation computation(NumericProfile profile) {
        return profile.getComputeType().isEmpty()
                ? Computation.EXACT
                : Computation.of(profile.getComputeType(), profile.getMemoryBudget());
    }

    public static io.espalier.v1.LayerShape toWire(LayerShape layer) {
        return io.espalier.v1.LayerShape.newBuilder()
                .setHeads(layer.heads())
                .setKvHeads(layer.kvHeads())
                .setHeadDim(layer.headDim())
                .setFfnChannels(layer.ffnChannels())
                .build();
    }

    public static LayerShape fromWire(io.espalier.v1.LayerShape layer) {
        return new LayerShape(layer.getHeads(), layer.getKvHeads(), layer.getHeadDim(), layer.getFfnChannels());
    }
}
