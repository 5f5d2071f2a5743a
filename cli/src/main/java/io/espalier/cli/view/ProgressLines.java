package io.espalier.cli.view;

import io.espalier.v1.JobEvent;
import java.util.function.Consumer;

/** Shows progress in a log file, with a line for each event and for each further tenth of an activity. */
public final class ProgressLines implements ProgressView {
    private final Consumer<String> lines;
    private final ProgressFold fold = new ProgressFold();
    private String label = "";
    private int tenths;

    public ProgressLines(Consumer<String> lines) {
        this.lines = lines;
    }

    @Override
    public void show(JobEvent event) {
        if (!event.hasProgress()) {
            lines.accept(JobText.event(event));
        }
        fold.after(event).ifPresent(this::show);
    }

    private void show(Meter meter) {
        int reached = (int) (10 * meter.fraction());
        if (!meter.label().equals(label) || reached > tenths) {
            label = meter.label();
            tenths = reached;
            lines.accept(meter.line());
        }
    }

    @Override
    public void close() {}
}
