package io.espalier.cli.view;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * How far the current activity of a stage is.
 *
 * @param unit what is counted: "layers", "windows", "tasks"
 * @param total 0 while unknown
 * @param tokensPerSecond of all its workers together; 0 while unknown
 * @param elapsed since the activity was first heard of
 */
public record Meter(
        String stage, String activity, String unit, long done, long total, double tokensPerSecond, Duration elapsed) {

    public String label() {
        return stage + " " + activity;
    }

    /** Share done, in 0..1. */
    public double fraction() {
        return total == 0 ? 0 : (double) done / total;
    }

    /** Assumes that what is left goes as fast as what is done. */
    public Optional<Duration> timeLeft() {
        return done == 0 || done >= total
                ? Optional.empty()
                : Optional.of(Duration.ofMillis(elapsed.toMillis() * (total - done) / done));
    }

    /** For example {@code scorer collect-losses 12/48 layers, 5,300 tokens/s, 4 s left}. */
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

    /** Empty while unknown. */
    public String throughput() {
        return tokensPerSecond == 0 ? "" : String.format(Locale.ROOT, "%,.0f tokens/s", tokensPerSecond);
    }

    private static String seconds(Duration duration) {
        long seconds = Math.max(1, Math.round(duration.toMillis() / 1000.0));
        return seconds < 120 ? seconds + " s" : Math.round(seconds / 60.0) + " min";
    }
}
