package io.espalier.pipeline.service;

import io.espalier.pipeline.queue.Worker;
import io.espalier.pipeline.runtime.ParentWatch;
import io.espalier.pipeline.runtime.StageRuntime;
import io.espalier.pipeline.runtime.StageSettings;
import io.espalier.pipeline.runtime.TermSignal;
import io.espalier.pipeline.runtime.WorkFolders;
import io.espalier.pipeline.stage.Stage;
import io.espalier.pipeline.telemetry.Telemetry;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the stage of this service; keeps trying while Kafka cannot be reached, and says so in its readiness. */
@Singleton
public class StageHost {
    private static final Logger LOG = LoggerFactory.getLogger(StageHost.class);
    private static final long RETRY_SECONDS = 2;
    /** Looks in a row that find the stage broken: it may be broken for a moment while it stops. */
    private static final int BROKEN_LOOKS = 3;

    private final EspalierConfig config;
    private final KafkaConfig kafka;
    private final Stage stage;
    private final Worker worker;
    private final WorkFolders workFolders;
    private final Telemetry telemetry;
    private final MeterRegistry registry;
    private final Thread starter = new Thread(this::start, "stage-start");
    private volatile @Nullable StageRuntime runtime;
    private volatile String obstacle = "starting";
    private volatile boolean stopping;

    public StageHost(
            EspalierConfig config,
            KafkaConfig kafka,
            Stage stage,
            Worker worker,
            WorkFolders workFolders,
            Telemetry telemetry,
            MeterRegistry registry) {
        this.config = config;
        this.kafka = kafka;
        this.stage = stage;
        this.worker = worker;
        this.workFolders = workFolders;
        this.telemetry = telemetry;
        this.registry = registry;
    }

    void onStart(@Observes StartupEvent event) {
        config.parentPid().ifPresent(ParentWatch::exitWith);
        // An orderly stop is a success; the virtual machine's own handler would end with 143.
        TermSignal.handle(() -> Quarkus.asyncExit(0));
        starter.setDaemon(true);
        starter.start();
    }

    void onStop(@Observes ShutdownEvent event) throws InterruptedException {
        stopping = true;
        starter.interrupt();
        starter.join(TimeUnit.SECONDS.toMillis(5));
        StageRuntime running = runtime;
        if (running != null) {
            running.close();
        }
    }

    private void start() {
        while (!stopping) {
            try {
                StageRuntime started = started();
                runtime = started;
                endWith(started);
                return;
            } catch (KafkaException e) {
                obstacle = obstacle(e);
                LOG.warn("not started yet: {}", obstacle);
            } catch (RuntimeException e) {
                obstacle = "starting failed: " + e.getMessage();
                LOG.error("not started yet", e);
            }
            pause();
        }
    }

    private static String obstacle(KafkaException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        if (cause instanceof AuthenticationException) {
            return "Kafka refuses the login: " + cause.getMessage();
        }
        return "Kafka: " + e.getMessage() + (cause == e ? "" : ": " + cause.getMessage());
    }

    /**
     * Ends this process when the stage can no longer work, so that whoever runs it starts it anew: a container runtime, or
     * {@code espalier up}, which looks at no health check. Returns when the service stops for another reason.
     */
    private void endWith(StageRuntime running) {
        int broken = 0;
        while (!stopping && broken < BROKEN_LOOKS) {
            broken = running.isBroken() ? broken + 1 : 0;
            pause();
        }
        if (!stopping) {
            LOG.error("the stage cannot work any more, the service ends: {}", String.join("; ", running.missing()));
            Quarkus.asyncExit(1);
        }
    }

    private void pause() {
        try {
            TimeUnit.SECONDS.sleep(RETRY_SECONDS);
        } catch (InterruptedException e) {
            stopping = true;
        }
    }

    private StageRuntime started() {
        StageRuntime started = new StageRuntime(settings(), stage, worker, workFolders, telemetry);
        try {
            started.start();
            WorkerGauges.register(registry, stage.label(), started);
            return started;
        } catch (RuntimeException e) {
            started.close();
            throw e;
        }
    }

    private StageSettings settings() {
        return new StageSettings(
                kafka.properties(),
                config.topicPrefix().orElse(""),
                workerName(),
                host(),
                config.threads(),
                config.jobsUnderWay(),
                config.quotaJobs(),
                config.taskOverdue().toMillis(),
                config.jobRemembered().toMillis(),
                (int) config.transactionTimeout().toMillis(),
                config.drainGrace(),
                config.taskStopLimit(),
                config.eventsFormat());
    }

    private String workerName() {
        return config.workerName()
                .orElseGet(() -> host() + "-" + ProcessHandle.current().pid());
    }

    private static String host() {
        return Optional.ofNullable(System.getenv("HOSTNAME")).orElse("local");
    }

    /** The running stage, once Kafka was reached. */
    public Optional<StageRuntime> runtime() {
        return Optional.ofNullable(runtime);
    }

    /** What keeps this service from working, in words; empty when it is ready. */
    public List<String> missing() {
        StageRuntime running = runtime;
        return running == null ? List.of(obstacle) : running.missing();
    }
}
