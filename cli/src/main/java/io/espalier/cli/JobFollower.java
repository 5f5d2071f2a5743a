package io.espalier.cli;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.cli.view.ProgressBars;
import io.espalier.cli.view.ProgressLines;
import io.espalier.cli.view.ProgressView;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.job.JobView;
import io.espalier.v1.JobEvent;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads the events of a job until the event that ends it. */
final class JobFollower {
    private static final Duration CHECK = Duration.ofMillis(500);
    private static final Duration REFUSAL = Duration.ofMillis(200);

    private final JobLog log;

    JobFollower(JobLog log) {
        this.log = log;
    }

    /**
     * Waits until the scorer has accepted or refused a request.
     *
     * @return false if no event of the job arrived within the limit
     * @throws CommandFailure if the scorer refused the request; the message names the field and its valid values
     */
    boolean awaitAcceptance(String jobId, Duration limit) throws Exception {
        BlockingQueue<JobEvent> events = new LinkedBlockingQueue<>();
        try (AutoCloseable watch = log.watch(jobId, events::add)) {
            @Nullable JobEvent acceptance = events.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (acceptance == null) {
                return false;
            }
            // The scorer publishes a refusal in the same transaction as the acceptance, so it arrives right after it.
            @Nullable JobEvent next = events.poll(REFUSAL.toMillis(), TimeUnit.MILLISECONDS);
            if (next != null && next.getFailed().getCode().equals(ErrorCode.INVALID_ARGUMENT.name())) {
                throw CommandFailure.invalid(new EspalierException(
                        ErrorCode.INVALID_ARGUMENT, next.getFailed().getMessage()));
            }
            return true;
        }
    }

    /**
     * Passes each event of a job to an observer until the job ends.
     *
     * @return the event that ended the job; the observer has received it too
     * @throws CommandFailure if the connection to the broker is lost
     */
    JobEvent follow(String jobId, Consumer<JobEvent> observer) throws Exception {
        BlockingQueue<JobEvent> events = new LinkedBlockingQueue<>();
        AutoCloseable watch = log.watch(jobId, events::add);
        try {
            while (true) {
                JobEvent event = events.poll(CHECK.toMillis(), TimeUnit.MILLISECONDS);
                if (event == null) {
                    if (!log.isRunning()) {
                        throw CommandFailure.unreachable("the connection to the broker is lost; the job goes on, see"
                                + " `espalier watch " + jobId + "`");
                    }
                    continue;
                }
                observer.accept(event);
                if (JobView.isTerminal(event)) {
                    return event;
                }
            }
        } finally {
            watch.close();
        }
    }

    /** Follows a job and shows its progress, as bars on a terminal and as lines elsewhere. */
    JobEvent followWithProgress(String jobId, Console console) throws Exception {
        try (ProgressView progress =
                console.terminal() ? new ProgressBars(console.err()) : new ProgressLines(console::say)) {
            return follow(jobId, progress::show);
        }
    }
}
