package io.espalier.model.recovery;

import io.espalier.model.InvalidSetting;
import io.espalier.model.Seeds;
import io.espalier.model.Setting;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * The windows of a recovery text, divided between the training and its judge. The last eighth judges: the weights that are
 * kept are those that are best on text that was not trained on.
 *
 * @param trained places of the windows that are trained on
 * @param heldOut places of the windows that judge
 */
public record RecoveryWindows(int[] trained, int[] heldOut) {
    private static final int JUDGING_SHARE = 8;

    /** @throws InvalidSetting when there are too few windows for both */
    public static RecoveryWindows of(int windows) {
        if (windows < 2) {
            throw new InvalidSetting(
                    Setting.RECOVERY_WINDOWS,
                    "the text gives " + windows + " window(s), but at least one must train and another one judge;"
                            + " give a longer calibration text or shorter windows");
        }
        int judging = Math.max(1, windows / JUDGING_SHARE);
        return new RecoveryWindows(
                IntStream.range(0, windows - judging).toArray(),
                IntStream.range(windows - judging, windows).toArray());
    }

    /**
     * The windows of one step. Every window is used once before any is used again.
     *
     * @param step from 0
     * @param size how many
     * @param seed of the order
     */
    int[] batch(int step, int size, long seed) {
        return IntStream.range(0, size)
                .map(i -> {
                    long place = (long) step * size + i;
                    return shuffled(place / trained.length, seed)[(int) (place % trained.length)];
                })
                .toArray();
    }

    private int[] shuffled(long epoch, long seed) {
        SplittableRandom random = new SplittableRandom(Seeds.of(seed, "recovery/order/" + epoch));
        int[] order = trained.clone();
        for (int i = order.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        return order;
    }
}
