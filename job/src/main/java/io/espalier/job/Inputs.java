package io.espalier.job;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.artifact.ModelRoot;
import io.espalier.model.artifact.Root;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.ScoredSequence;
import io.espalier.model.text.Tokenizer;
import io.espalier.model.text.Windows;
import io.espalier.model.zeroshot.Question;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The files that a job reads, opened for one task: the dense checkpoint and the texts. */
public final class Inputs implements AutoCloseable {
    private static final String MODEL = "model";
    private static final String CALIBRATION = "calibration";
    private static final String EVALUATION = "evaluation";
    private static final String RECOVERY = "recovery";

    private final Path folder;
    private final SourceText calibration;
    private final SourceText evaluation;
    private final Optional<SourceText> recovery;
    private final Optional<SourceText> ownRecovery;
    private final List<TaskSource> tasks = new ArrayList<>();
    private final List<MeasuredSource> measured = new ArrayList<>();
    private final Checkpoint checkpoint;
    private final @Nullable Inspection inspection;
    private final long seed;
    private final List<InputFile> files;

    /**
     * @param modelsRoot that every link of the checkpoint must lead into
     * @param inspection of the job; null when this is for the inspection
     * @throws EspalierException {@code INPUT_CHANGED} when the files are others than those that were inspected
     */
    Inputs(JobSpec spec, Path modelsRoot, Root texts, @Nullable Inspection inspection) {
        List<InputFile> inspected = inspection == null ? List.of() : inspection.files();
        this.inspection = inspection;
        this.seed = spec.seed();
        folder = new ModelRoot(modelsRoot).resolve(spec.model());
        calibration = SourceText.in(texts, CALIBRATION, spec.calibration());
        evaluation = SourceText.in(texts, EVALUATION, spec.evaluation().text());
        recovery = spec.recovery().map(asked -> {
            JobSpec.Text windows = spec.calibration().withWindows(asked.samples());
            return asked.text()
                    .map(own -> SourceText.in(texts, RECOVERY, windows.of(own)))
                    .orElseGet(() -> SourceText.in(texts, CALIBRATION, windows));
        });
        ownRecovery = spec.recovery().flatMap(Recovery::text).isPresent() ? recovery : Optional.empty();
        for (JobSpec.TaskData task : spec.evaluation().tasks()) {
            tasks.add(TaskSource.in(texts, tasks.size(), task));
        }
        for (JobSpec.MeasuredText text : spec.evaluation().texts()) {
            measured.add(MeasuredSource.in(
                    texts, measured.size(), text, spec.evaluation().text().begins()));
        }
        // A file that was cut or is gone is no checkpoint that contradicts itself, so look before it is opened.
        InputFile.requireSame(inspected, again(inspected));
        checkpoint = Checkpoint.open(folder, modelsRoot, spec.pruning().target().attentionUnit());
        try {
            files = all();
            if (!inspected.isEmpty()) {
                InputFile.requireSame(inspected, files);
            }
        } catch (RuntimeException e) {
            checkpoint.close();
            throw e;
        }
    }

    private List<InputFile> all() {
        List<InputFile> all = new ArrayList<>();
        checkpoint.inputs().forEach(name -> all.add(InputFile.at(folder.resolve(name), MODEL, name)));
        all.addAll(calibration.files());
        all.addAll(evaluation.files());
        tasks.forEach(task -> all.add(task.inputFile()));
        measured.forEach(text -> all.addAll(text.text().files()));
        ownRecovery.ifPresent(text -> all.addAll(text.files()));
        return List.copyOf(all);
    }

    /** The same files, as they are now; those of a text that are there now, whichever there were. */
    private List<InputFile> again(List<InputFile> before) {
        if (before.isEmpty()) {
            return List.of();
        }
        List<InputFile> now = new ArrayList<>();
        before.stream()
                .filter(file -> file.field().equals(MODEL))
                .forEach(file -> now.add(InputFile.at(folder.resolve(file.name()), MODEL, file.name())));
        now.addAll(calibration.files());
        now.addAll(evaluation.files());
        tasks.forEach(task -> now.add(task.inputFile()));
        measured.forEach(text -> now.addAll(text.text().files()));
        ownRecovery.ifPresent(text -> now.addAll(text.files()));
        return now;
    }

    /**
     * Compares the files with what they were when this was opened.
     *
     * @throws EspalierException {@code INPUT_CHANGED} naming the field and the file
     */
    public void requireUnchanged() {
        InputFile.requireSame(files, again(files));
    }

    /** All files, as they were when this was opened. */
    public List<InputFile> files() {
        return files;
    }

    /** The dense model. */
    public Checkpoint checkpoint() {
        return checkpoint;
    }

    /** @return [windows, tokens] of the calibration text */
    public int[][] calibration() {
        return windows(calibration, CALIBRATION, inspection == null ? null : inspection.calibration())
                .tokens();
    }

    /** @return [windows, tokens] of the evaluation text */
    public int[][] evaluation() {
        return windows(evaluation, EVALUATION, inspection == null ? null : inspection.evaluation())
                .tokens();
    }

    /**
     * Some windows of the evaluation text.
     *
     * @param last index behind the last, at most as many as the inspection found
     * @return [windows, tokens]
     */
    public int[][] evaluation(int first, int last) {
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            return evaluation.windows(
                    checkpoint, tokenizer, inspected().evaluation().beginning(), first, last);
        }
    }

    /**
     * Some windows of a further text of the evaluation, of protocol {@code window-N}.
     *
     * @param text its index
     * @param last index behind the last, at most as many as the inspection found
     * @return [windows, tokens]
     */
    public int[][] windows(int text, int first, int last) {
        return measured.get(text).windows(checkpoint, first, last, beginning(text));
    }

    /** Some sequences of a further text of the evaluation, of protocol {@code wikitext}; the parameters as in {@link #windows}. */
    public List<ScoredSequence> sequences(int text, int first, int last) {
        return measured.get(text).sequences(checkpoint, first, last, beginning(text));
    }

    private int[] beginning(int text) {
        return inspected().texts().get(text).beginning();
    }

    private Inspection inspected() {
        return Objects.requireNonNull(inspection, "windows are taken after the inspection");
    }

    /** What is read of each of the evaluation's further texts, for the inspection. */
    public List<MeasuredTextRead> textsRead() {
        return measured.stream().map(text -> text.read(checkpoint)).toList();
    }

    /**
     * Tokens of the longest prompt, for the inspection; 0 where there is none.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} naming a prompt that has no tokens, others than the model's, or too many
     *     beside what is written behind it
     */
    public int longestPrompt(JobSpec.Prompts prompts) {
        if (prompts.texts().isEmpty()) {
            return 0;
        }
        int longest = 0;
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            for (int i = 0; i < prompts.texts().size(); i++) {
                int[] ids = tokenizer.prompt(prompts.texts().get(i));
                requireKnown(ids, i);
                int tokens = ids.length;
                longest = Math.max(longest, tokens);
                if (tokens == 0
                        || tokens + prompts.tokens() > checkpoint.config().maxPositions()) {
                    throw new EspalierException(
                            ErrorCode.INVALID_ARGUMENT,
                            "evaluation.prompts[%d]: has %d tokens, and %d are to be written behind it; the model reads 1 to %d"
                                    .formatted(
                                            i,
                                            tokens,
                                            prompts.tokens(),
                                            checkpoint.config().maxPositions()));
                }
            }
            return longest;
        }
    }

    private void requireKnown(int[] ids, int prompt) {
        for (int id : ids) {
            if (id >= checkpoint.config().vocabSize()) {
                throw new EspalierException(
                        ErrorCode.INVALID_ARGUMENT,
                        "evaluation.prompts[%d]: token id %d is outside the model's vocabulary of %d; the tokenizer belongs to another model"
                                .formatted(prompt, id, checkpoint.config().vocabSize()));
            }
        }
    }

    /**
     * The windows that a recovery learns from, cut as those of the calibration are.
     *
     * @return [windows, tokens]
     */
    public int[][] recovery() {
        SourceText text = recovery.orElseThrow(() -> new IllegalStateException("the job asks for no recovery"));
        return windows(text, CALIBRATION, inspection == null ? null : inspection.calibration())
                .tokens();
    }

    /**
     * Questions of one of the evaluation's tasks.
     *
     * @param task its index
     * @param last index behind the last question, at most as many as the inspection found
     */
    public List<Question> questions(int task, int first, int last) {
        return tasks.get(task).questions(first, last);
    }

    /**
     * What is read of the data of each of the evaluation's tasks, for the inspection.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the row when the file has other rows than the task's, and for a
     *     choice that the model cannot read
     */
    public List<TaskRead> tasksRead() {
        return tasks.stream().map(task -> task.read(checkpoint)).toList();
    }

    /** What is read of the calibration text, for the inspection. */
    public TextRead calibrationRead() {
        return read(calibration, CALIBRATION);
    }

    /** What is read of the evaluation text, for the inspection. */
    public TextRead evaluationRead() {
        return read(evaluation, EVALUATION);
    }

    private TextRead read(SourceText text, String kind) {
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            int[] beginning = text.beginning(tokenizer, kind);
            Windows windows = text.windows(checkpoint, tokenizer, beginning, seed);
            long tokens = 0;
            for (int[] window : windows.tokens()) {
                tokens += window.length;
            }
            String shown = beginning.length == 0 ? "" : tokenizer.decode(beginning);
            return new TextRead(windows.documents(), tokens, beginning, shown);
        }
    }

    private Windows windows(SourceText text, String kind, @Nullable TextRead inspected) {
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            int[] beginning = inspected == null ? text.beginning(tokenizer, kind) : inspected.beginning();
            return text.windows(checkpoint, tokenizer, beginning, seed);
        }
    }

    public String calibrationSha256() {
        return calibration.sha256();
    }

    /** Of the recovery's own text; empty where it has none. */
    public String recoverySha256() {
        return ownRecovery.map(SourceText::sha256).orElse("");
    }

    public String evaluationSha256() {
        return evaluation.sha256();
    }

    @Override
    public void close() {
        checkpoint.close();
    }
}
