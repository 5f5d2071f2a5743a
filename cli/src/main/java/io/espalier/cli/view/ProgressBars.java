package io.espalier.cli.view;

import io.espalier.v1.JobEvent;
import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows progress on a terminal, with one bar for each activity, its speed and the time left. */
public final class ProgressBars implements ProgressView {
    private final PrintStream terminal;
    private final ProgressFold fold = new ProgressFold();
    private String label = "";
    private @Nullable ProgressBar bar;

    public ProgressBars(PrintStream terminal) {
        this.terminal = terminal;
    }

    @Override
    public void show(JobEvent event) {
        if (event.hasArtifactCommitted() || event.hasFailed() || event.hasCancelled()) {
            close();
            terminal.println(JobText.event(event));
        }
        fold.after(event).ifPresent(this::show);
    }

    private void show(Meter meter) {
        if (!meter.label().equals(label)) {
            close();
            label = meter.label();
        }
        if (bar == null) {
            bar = new ProgressBarBuilder()
                    .setTaskName(String.format("%-28s", label))
                    .setInitialMax(meter.total())
                    .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK)
                    .setUpdateIntervalMillis(100)
                    .setConsumer(new ConsoleProgressBarConsumer(terminal))
                    .build();
        }
        bar.maxHint(meter.total());
        bar.stepTo(meter.done());
        // The unit may change from tasks to layers during an activity. The bar's own unit is fixed, so the extra
        // message shows it.
        // The message has a fixed width, so that the bar keeps its length.
        String speed = meter.throughput();
        bar.setExtraMessage(String.format(" %-24s", meter.unit() + (speed.isEmpty() ? "" : ", " + speed)));
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
