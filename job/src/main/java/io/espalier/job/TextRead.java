package io.espalier.job;

import java.util.Arrays;
import java.util.Objects;

/**
 * What a job reads of its calibration or evaluation text, as its inspection found it. Every later task cuts the same windows.
 *
 * @param documents that are read for the windows
 * @param tokens of all windows, what they begin with included
 * @param beginning ids of what each window begins with; empty for nothing
 * @param beginningText the same as text
 */
public record TextRead(long documents, long tokens, int[] beginning, String beginningText) {
    /** Of jobs of earlier versions, whose windows begin with nothing. */
    public static final TextRead UNKNOWN = new TextRead(0, 0, new int[0], "");

    /** Windows that these tokens are. */
    public int windows(JobSpec.Text text) {
        return Math.toIntExact(tokens / text.sequenceLength());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TextRead read
                && documents == read.documents
                && tokens == read.tokens
                && Arrays.equals(beginning, read.beginning)
                && beginningText.equals(read.beginningText);
    }

    @Override
    public int hashCode() {
        return Objects.hash(documents, tokens, Arrays.hashCode(beginning), beginningText);
    }
}
