package io.espalier.job;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.artifact.Root;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.RollingWindows;
import io.espalier.model.evaluation.ScoredSequence;
import io.espalier.model.evaluation.TextProtocol;
import io.espalier.model.text.Tokenizer;
import io.espalier.model.text.Windows;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;

/**
 * Where a text of a job lies that is measured by a protocol.
 *
 * @param field of the request that names it
 */
record MeasuredSource(JobSpec.MeasuredText measured, String field, SourceText text) {
    private static final String EVALUATION = "evaluation";

    /**
     * Finds the files; none is opened.
     *
     * @param index of the text in the request
     * @param begins as the evaluation has it
     * @throws EspalierException as {@link SourceText#in}
     */
    static MeasuredSource in(Root texts, int index, JobSpec.MeasuredText measured, Optional<Boolean> begins) {
        String kind = "evaluation.texts[%d]".formatted(index);
        int length = measured.protocol() instanceof TextProtocol.Windows windows ? windows.length() : 0;
        JobSpec.Text text = new JobSpec.Text(List.of(measured.source()), measured.limit(), length, begins, false);
        return new MeasuredSource(measured, kind + ".text", SourceText.in(texts, kind, text));
    }

    /** What an inspection says of it. */
    MeasuredTextRead read(Checkpoint checkpoint) {
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            int[] beginning = text.beginning(tokenizer, EVALUATION);
            String shown = beginning.length == 0 ? "" : tokenizer.decode(beginning);
            if (measured.protocol() instanceof TextProtocol.Windows windows) {
                Windows cut = text.windows(checkpoint, tokenizer, beginning, 0);
                int length = windows.length();
                int count = cut.tokens().length;
                return new MeasuredTextRead(
                        windows,
                        count,
                        length,
                        (long) count * (length - 1),
                        cut.documents(),
                        0,
                        0,
                        beginning,
                        shown,
                        text.sha256());
            }
            Counts counts = new Counts();
            forEachPage(RollingWindows.of(checkpoint, tokenizer, beginning), (page, sequences) -> {
                counts.add(page, sequences);
                return true;
            });
            return counts.read(this, beginning, shown);
        }
    }

    /**
     * Windows of protocol {@code window-N}.
     *
     * @param last index behind the last, at most as many as there are
     * @param beginning of each, as the inspection found it
     */
    int[][] windows(Checkpoint checkpoint, int first, int last, int[] beginning) {
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            return text.windows(checkpoint, tokenizer, beginning, first, last);
        }
    }

    /** Sequences of protocol {@code wikitext}; the parameters as in {@link #windows}. */
    List<ScoredSequence> sequences(Checkpoint checkpoint, int first, int last, int[] beginning) {
        List<ScoredSequence> found = new ArrayList<>();
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            int[] passed = {0};
            forEachPage(RollingWindows.of(checkpoint, tokenizer, beginning), (page, sequences) -> {
                for (ScoredSequence sequence : sequences) {
                    if (passed[0] >= first && passed[0] < last) {
                        found.add(sequence);
                    }
                    passed[0]++;
                }
                return passed[0] < last;
            });
        }
        return found;
    }

    /** What was counted of one page. */
    private record Page(long words, long bytes) {}

    private void forEachPage(RollingWindows windows, BiPredicate<Page, List<ScoredSequence>> wanted) {
        int[] pages = {0};
        text.pages().forEachWhile(page -> {
            pages[0]++;
            boolean more = wanted.test(new Page(page.words(), page.bytes()), windows.of(page));
            return more && pages[0] != measured.limit();
        });
    }

    private static final class Counts {
        private int windows;
        private int longest;
        private long predictions;
        private long pages;
        private long words;
        private long bytes;

        void add(Page page, List<ScoredSequence> sequences) {
            pages++;
            words += page.words();
            bytes += page.bytes();
            for (ScoredSequence sequence : sequences) {
                windows++;
                longest = Math.max(longest, sequence.ids().length);
                predictions += sequence.scored();
            }
        }

        MeasuredTextRead read(MeasuredSource source, int[] beginning, String shown) {
            if (predictions == 0) {
                throw new EspalierException(
                        ErrorCode.INVALID_ARGUMENT, source.field() + ": has no page with a token; give a longer text");
            }
            return new MeasuredTextRead(
                    source.measured().protocol(),
                    windows,
                    longest,
                    predictions,
                    pages,
                    words,
                    bytes,
                    beginning,
                    shown,
                    source.text().sha256());
        }
    }
}
