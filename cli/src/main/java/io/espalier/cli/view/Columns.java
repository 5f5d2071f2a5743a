package io.espalier.cli.view;

import java.util.List;

/** Cells below each other, in columns as narrow as their widest cell. */
final class Columns {
    private static final String GAP = "  ";

    private Columns() {}

    /** @param rows of equally many cells; the first of each begins its line, the others end below each other */
    static String of(List<List<String>> rows) {
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        StringBuilder lines = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder(row.get(0)).append(spaces(row.get(0), widths[0]));
            for (int i = 1; i < columns; i++) {
                line.append(GAP).append(spaces(row.get(i), widths[i])).append(row.get(i));
            }
            lines.append(lines.isEmpty() ? "" : "\n").append(line.toString().stripTrailing());
        }
        return lines.toString();
    }

    private static String spaces(String cell, int width) {
        return " ".repeat(width - cell.length());
    }
}
