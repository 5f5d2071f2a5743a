package io.espalier.model.zeroshot;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.model.file.Quoted;
import io.espalier.model.text.RowFile;
import java.util.ArrayList;
import java.util.List;

/** The values of one row of a task's data, each checked. A refusal names the row and the column. */
record QuestionRow(RowFile.Row row) {
    private static final int MAX_ANSWERS = 26;

    /** Text, which may be empty. */
    String text(String column) {
        return text(row.values().path(column), column);
    }

    private String text(JsonNode value, String column) {
        if (!value.isTextual()) {
            throw row.invalid(value.isMissingNode() ? "has no column " + column : "has no text in column " + column);
        }
        return value.textValue();
    }

    /** Answers, at least two and none empty: they are what is compared. */
    List<String> answers(JsonNode values, String column) {
        List<String> answers = new ArrayList<>();
        values.forEach(value -> answers.add(text(value, column)));
        return answers(answers, column);
    }

    List<String> answers(List<String> answers, String column) {
        if (answers.size() < 2
                || answers.size() > MAX_ANSWERS
                || answers.stream().anyMatch(String::isEmpty)) {
            throw row.invalid("needs 2 to %d answers in %s, none of them empty".formatted(MAX_ANSWERS, column));
        }
        return answers;
    }

    JsonNode values() {
        return row.values();
    }

    /**
     * The index of the right one of several.
     *
     * @param first what the first is called: 0 or 1; the label may be a number or its digits
     */
    int right(String column, int first, int choices) {
        JsonNode label = row.values().path(column);
        String spelled = label.isTextual() ? label.textValue() : label.toString();
        for (int i = 0; i < choices; i++) {
            if (spelled.equals(Integer.toString(first + i))) {
                return i;
            }
        }
        throw row.invalid("has %s in column %s; it must be %d to %d"
                .formatted(label.isMissingNode() ? "nothing" : Quoted.of(spelled), column, first, first + choices - 1));
    }

    RuntimeException invalid(String what) {
        return row.invalid(what);
    }
}
