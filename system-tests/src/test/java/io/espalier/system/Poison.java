package io.espalier.system;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** Records in the place of a request that are none. */
final class Poison {
    private static final byte[] REQUEST = Requests.small("cut").toByteArray();
    private static final byte[] JSON =
            bytes("{\"model\": \"llama\", \"calibration\": {\"text\": \"calibration.txt\"}, \"seed\": 7}");

    private Poison() {}

    /** Noise, or a request that is cut somewhere: as protobuf before the end of its model's name, as JSON anywhere. */
    static byte[] of(Random random) {
        byte[] noise = new byte[1 + random.nextInt(300)];
        int endOfModel = new String(REQUEST, StandardCharsets.ISO_8859_1).indexOf("llama") + "llama".length();
        switch (random.nextInt(3)) {
            case 0 -> random.nextBytes(noise);
            case 1 -> noise = Arrays.copyOf(REQUEST, 1 + random.nextInt(endOfModel - 1));
            default -> noise = Arrays.copyOf(JSON, 1 + random.nextInt(JSON.length - 1));
        }
        return noise;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
