package io.espalier.job;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.artifact.Root;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.file.Digests;
import io.espalier.model.file.RegularFile;
import io.espalier.model.text.TextWindows;
import io.espalier.model.text.Tokenizer;
import io.espalier.model.text.WikitextPages;
import io.espalier.model.text.Windows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** The calibration or evaluation text of a job: where its files lie, and the windows that are cut out of them. */
final class SourceText {
    private static final int MAX_FILES = 10_000;

    /**
     * One source and its files.
     *
     * @param field of the request that names it
     * @param names of the files in their folder
     */
    private record Part(JobSpec.Source source, String field, List<Path> files, List<String> names) {}

    private final JobSpec.Text text;
    private final List<Part> parts;

    private SourceText(JobSpec.Text text, List<Part> parts) {
        this.text = text;
        this.parts = parts;
    }

    /**
     * Finds the files; none is opened.
     *
     * @param kind of the text: {@code calibration} or {@code evaluation}
     * @throws EspalierException {@code MODEL_NOT_FOUND}, {@code MODEL_URI_FORBIDDEN}; {@code INVALID_ARGUMENT} for a folder
     *     without files, or what is neither file nor folder
     */
    static SourceText in(Root texts, String kind, JobSpec.Text text) {
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < text.sources().size(); i++) {
            JobSpec.Source source = text.sources().get(i);
            String field = text.sources().size() == 1 ? kind + ".text" : "%s.texts[%d].text".formatted(kind, i);
            parts.add(part(texts, field, source));
        }
        return new SourceText(text, List.copyOf(parts));
    }

    private static Part part(Root texts, String field, JobSpec.Source source) {
        Path path = texts.resolve(field, source.uri());
        if (!Files.isDirectory(path)) {
            Path file = RegularFile.require(path, ErrorCode.INVALID_ARGUMENT, field);
            return new Part(source, field, List.of(file), List.of(name(file)));
        }
        List<String> names = namesIn(path, field);
        List<Path> files = names.stream()
                .map(name -> RegularFile.require(
                        texts.resolve(field, path.resolve(name).toString().replace("%", "%25")),
                        ErrorCode.INVALID_ARGUMENT,
                        field))
                .toList();
        return new Part(source, field, files, names);
    }

    /** In name order, so that every process reads them in the same one. Hidden files and folders are left out. */
    private static List<String> namesIn(Path folder, String field) {
        try (Stream<Path> entries = Files.list(folder)) {
            List<String> names = entries.filter(entry -> !Files.isDirectory(entry))
                    .map(SourceText::name)
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .limit(MAX_FILES + 1L)
                    .toList();
            if (names.isEmpty() || names.size() > MAX_FILES) {
                throw new EspalierException(
                        ErrorCode.INVALID_ARGUMENT,
                        "%s: the folder has %s; name a file, or a folder of 1 to %d files"
                                .formatted(field, names.isEmpty() ? "no files" : "too many files", MAX_FILES));
            }
            return names;
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.MODEL_NOT_FOUND, field + ": the folder cannot be read", e);
        }
    }

    private static String name(Path file) {
        return Objects.requireNonNull(file.getFileName()).toString();
    }

    /** All files, as they are now. */
    List<InputFile> files() {
        List<InputFile> all = new ArrayList<>();
        for (Part part : parts) {
            for (int i = 0; i < part.files().size(); i++) {
                all.add(InputFile.at(
                        part.files().get(i), part.field(), part.names().get(i)));
            }
        }
        return all;
    }

    /** SHA-256 of the one file, or of all of them together. */
    String sha256() {
        List<Path> files = parts.stream().flatMap(part -> part.files().stream()).toList();
        return files.size() == 1 ? Digests.sha256(files.get(0)) : Digests.sha256(files);
    }

    /**
     * What the windows of a job begin with.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} when the request wants a token that the tokenizer does not have
     */
    int[] beginning(Tokenizer tokenizer, String kind) {
        if (text.begins().isEmpty()) {
            return tokenizer.beginning();
        }
        if (!text.begins().get()) {
            return new int[0];
        }
        int[] bos = tokenizer.bosToken();
        if (bos.length == 0) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    kind + ".bos is true, but the tokenizer names no token that begins a sequence;"
                            + " leave the field out, or add bos_token to tokenizer_config.json");
        }
        return bos;
    }

    /**
     * The windows of all sources, one source after the other.
     *
     * @param beginning of each window
     */
    Windows windows(Checkpoint checkpoint, Tokenizer tokenizer, int[] beginning, long seed) {
        int[] shares = shares();
        List<int[]> tokens = new ArrayList<>();
        long documents = 0;
        for (int i = 0; i < parts.size(); i++) {
            if (shares[i] > 0) {
                Windows windows = cut(parts.get(i), shares[i], checkpoint, tokenizer, beginning, seed);
                tokens.addAll(Arrays.asList(windows.tokens()));
                documents += windows.documents();
            }
        }
        return new Windows(tokens.toArray(int[][]::new), documents);
    }

    /**
     * Some of the windows of all sources.
     *
     * @param last index behind the last, at most as many as there are
     */
    int[][] windows(Checkpoint checkpoint, Tokenizer tokenizer, int[] beginning, int first, int last) {
        SourceText some = parts.size() == 1 ? new SourceText(text.withWindows(last), parts) : this;
        return Arrays.copyOfRange(
                some.windows(checkpoint, tokenizer, beginning, 0).tokens(), first, last);
    }

    /** The pages of its one source. */
    WikitextPages pages() {
        Part only = parts.get(0);
        return new WikitextPages(only.field(), only.files(), only.source().column());
    }

    private Windows cut(
            Part part, int samples, Checkpoint checkpoint, Tokenizer tokenizer, int[] beginning, long seed) {
        TextWindows windows = new TextWindows(
                part.field(),
                part.files(),
                part.source().column(),
                tokenizer,
                checkpoint.config().vocabSize(),
                beginning);
        return text.perDocument()
                ? windows.perDocument(samples, text.sequenceLength(), seed)
                : windows.first(samples, text.sequenceLength());
    }

    /**
     * Windows of each source, by weight; what rounding leaves goes to the largest remainders, of equal ones to the earlier.
     */
    private int[] shares() {
        int[] shares = new int[parts.size()];
        if (text.windows() == 0) {
            Arrays.fill(shares, Integer.MAX_VALUE);
            return shares;
        }
        double all = parts.stream().mapToDouble(part -> part.source().weight()).sum();
        double[] remainders = new double[shares.length];
        int left = text.windows();
        for (int i = 0; i < shares.length; i++) {
            double exact = text.windows() * (parts.get(i).source().weight() / all);
            shares[i] = (int) exact;
            remainders[i] = exact - shares[i];
            left -= shares[i];
        }
        for (; left > 0; left--) {
            int largest = 0;
            for (int i = 1; i < remainders.length; i++) {
                largest = remainders[i] > remainders[largest] ? i : largest;
            }
            shares[largest]++;
            remainders[largest] = -1;
        }
        return shares;
    }
}
