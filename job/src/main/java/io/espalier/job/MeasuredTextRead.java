package io.espalier.job;

import io.espalier.model.evaluation.TextProtocol;
import java.util.Arrays;
import java.util.Objects;

/**
 * What a job reads of a text that is measured by a protocol, as its inspection found it.
 *
 * @param windows sequences that pass the model
 * @param longest tokens of the longest of them
 * @param predictions tokens that are judged
 * @param documents or pages that are read for them
 * @param words of the pages as they stand in the file; 0 where that is not asked
 * @param bytes of the same
 * @param beginning ids of what each window begins with; empty for nothing
 * @param beginningText the same as text
 * @param sha256 of the text's files
 */
public record MeasuredTextRead(
        TextProtocol protocol,
        int windows,
        int longest,
        long predictions,
        long documents,
        long words,
        long bytes,
        int[] beginning,
        String beginningText,
        String sha256) {
    @Override
    public boolean equals(Object other) {
        return other instanceof MeasuredTextRead read
                && protocol.equals(read.protocol)
                && windows == read.windows
                && longest == read.longest
                && predictions == read.predictions
                && documents == read.documents
                && words == read.words
                && bytes == read.bytes
                && Arrays.equals(beginning, read.beginning)
                && beginningText.equals(read.beginningText)
                && sha256.equals(read.sha256);
    }

    @Override
    public int hashCode() {
        return Objects.hash(protocol, windows, predictions, Arrays.hashCode(beginning), sha256);
    }
}
