package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.cli.stack.EmbeddedBroker;
import io.espalier.cli.stack.ServiceProcess;
import io.espalier.v1.JobEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The network between the services and the broker is gone for a while: nothing is lost, and nothing is done twice. */
@Tag("soak")
class NetworkCutSoakIT {
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    static Path folder;

    private static Wire wire;
    private static Stack stack;
    private static Outcome faultFree;

    @BeforeAll
    static void start() throws Exception {
        wire = new Wire();
        stack = Stack.startOn(Wired.start(folder.resolve("broker"), wire), Folders.of(folder));
        stack.run(Requests.slowScoring("fault-free"));
        faultFree = Outcome.of(stack, "fault-free");
    }

    @AfterAll
    static void stop() {
        stack.close();
        wire.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 60})
    void aJobGoesOnAfterTheNetworkWasGone(int seconds) throws Exception {
        // Given
        String job = "cut-for-" + seconds;
        stack.client().submit(Requests.slowScoring(job));
        stack.awaitEvent(job, JobEvent::hasProgress);

        // When
        wire.cut();
        Thread.sleep(Duration.ofSeconds(seconds).toMillis());
        wire.mend();

        // Then
        assertThat(stack.awaitEnd(job).hasCompleted()).isTrue();
        assertThat(Outcome.of(stack, job)).isEqualTo(faultFree);
        new PipelineVerifier(stack).verifyWithCompletion();
        assertThat(stack.log().deadLetters()).isEmpty();
        assertThat(stack.services().all()).allMatch(ServiceProcess::isAlive);
    }

    /** A broker at the other end of a wire. */
    private record Wired(EmbeddedBroker broker, int port) implements TestBroker {
        static Wired start(Path folder, Wire wire) throws IOException {
            EmbeddedBroker broker = EmbeddedBroker.startBehind(folder, wire.port());
            wire.connect(Integer.parseInt(broker.bootstrap().replaceAll(".*:", "")));
            return new Wired(broker, wire.port());
        }

        @Override
        public String bootstrap() {
            return "127.0.0.1:" + port;
        }

        @Override
        public void close() {
            broker.close();
        }
    }
}
