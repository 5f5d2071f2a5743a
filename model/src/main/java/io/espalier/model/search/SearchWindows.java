package io.espalier.model.search;

import java.util.Arrays;

/**
 * Calibration windows divided between the search and its judge, so that the judge sees text that no price was measured on.
 *
 * @param searched windows that prices are measured on, and repairs that the search tries
 * @param judged windows that candidates are compared on
 */
public record SearchWindows(int[][] searched, int[][] judged) {
    /** The inputs and gradients of a component are held for all tokens at once. */
    private static final int MOST_TOKENS = 8192;

    /** The last quarter judges. A text of fewer than four windows is used for both. */
    public static SearchWindows of(int[][] calibration) {
        int most = Math.max(1, MOST_TOKENS / calibration[0].length);
        int[][] windows = calibration.length > most ? Arrays.copyOf(calibration, most) : calibration;
        int searched = windows.length - windows.length / 4;
        return searched == windows.length
                ? new SearchWindows(windows, windows)
                : new SearchWindows(
                        Arrays.copyOf(windows, searched), Arrays.copyOfRange(windows, searched, windows.length));
    }
}
