package io.espalier.benchmarks.shape;

import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Windows of random tokens. For a model with random weights they are as good as text. */
public final class RandomWindows {
    private RandomWindows() {}

    /** @return token ids [n][length], the same for the same arguments */
    public static int[][] of(int vocabulary, int n, int length) {
        SplittableRandom random = new SplittableRandom(n);
        return IntStream.range(0, n)
                .mapToObj(window -> random.ints(length, 0, vocabulary).toArray())
                .toArray(int[][]::new);
    }
}
