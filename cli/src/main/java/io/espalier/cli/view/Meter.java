package io.espalier.cli.view;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * The progress of a stage's current activity.
 *
 * @param unit what {@code done} and {@code total} count: "layers", "windows" or "tasks"
 * @param total number of units of the activity; 0 while it is unknown
 * @param tokensPerSecond throughput of all workers of the activity together; 0 while it is unknown
 * @param elapsed time since the first event of the activity
 */
public record Meter(
        String stage, String activity, String unit, long done, long total, double tokensPerSecond, Duration elapsed) {

    public String label() {
        return stage + " " + activity;
    }

    /** The share that is done, in 0..1. */
    public double fraction() {
        return total == 0 ? 0 : (double) done / total;
    }

    /** The time left, if the rest proceeds at the mean speed so far. It is empty before the first unit and after the last. */
    public Optional<Duration> timeLeft() {
        return done == 0 || done >= total
                ? Optional.empty()
                : Optional.of(Duration.ofMillis(elapsed.toMillis() * (total - done) / done));
    }

    /** The progress in one line, for example {@code scorer collect-losses 12/48 layers, 5,300 tokens/s, 4 s left}. */
    public String line() {
        String speed = throughput();
        return "%s %d/%d %s%s%s"
                .formatted(
                        label(),
                        done,
                        total,
                        unit,
                        speed.isEmpty() ? "" : ", " + speed,
                        timeLeft().map(left -> ", " + seconds(left) + " left").orElse(""));
    }

    /** The throughput as text. It is empty while it is unknown. */
    public String throughput() {
        return tokensPerSecond == 0 ? "" : String.format(Locale.ROOT, "%,.0f tokens/s", tokensPerSecond);
    }

    private static String seconds(Duration duration) {
        long seconds = Math.max(1, Math.round(duration.toMillis() / 1000.0));
        return seconds < 120 ? seconds + " s" : Math.round(seconds / 60.0) + " min";
    }
}
