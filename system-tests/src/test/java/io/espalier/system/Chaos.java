package io.espalier.system;

import io.espalier.cli.stack.ServiceProcess;
import io.espalier.v1.PauseCommand;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.ResumeCommand;
import io.espalier.v1.WorkerCommand;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does to a stack whatever may happen to one, in an order that a seed gives. The first process of each service is frozen and
 * paused but never ended, so that what it holds can be compared before and after.
 */
final class Chaos implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Chaos.class);
    private static final Map<String, Integer> MOST = Map.of("scorer", 3, "pruner", 2, "recoverer", 2, "evaluator", 2);
    static final int MOST_WORKERS =
            MOST.values().stream().mapToInt(most -> most).sum();
    private static final Duration LONGEST_FREEZE = Duration.ofSeconds(25);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

    private final Stack stack;
    private final Random random;
    private final KafkaProducer<String, byte[]> producer;
    private final Map<Fault, Integer> done = new EnumMap<>(Fault.class);
    /** Whom to wake up, and at what {@link System#nanoTime()}. */
    private final Map<ServiceProcess, Long> frozen = new LinkedHashMap<>();

    private final Map<ServiceProcess, Long> paused = new LinkedHashMap<>();
    private final Set<String> ended = new HashSet<>();

    /** What can happen, and how often it does, relative to the others. */
    enum Fault {
        KILL(4),
        FREEZE(3),
        PAUSE(2),
        JOIN(3),
        LEAVE(2),
        BROKER_RESTART(1),
        POISON(2),
        CANCEL(2),
        REPEAT(3),
        CONTRADICT(2);

        private final int weight;

        Fault(int weight) {
            this.weight = weight;
        }

        private static Fault draw(Random random) {
            int at = random.nextInt(
                    Arrays.stream(values()).mapToInt(fault -> fault.weight).sum());
            for (Fault fault : values()) {
                at -= fault.weight;
                if (at < 0) {
                    return fault;
                }
            }
            throw new IllegalStateException("weights that do not add up");
        }
    }

    Chaos(Stack stack, long seed) {
        this.stack = stack;
        this.random = new Random(seed);
        this.producer = new KafkaProducer<>(stack.kafka(), new StringSerializer(), new ByteArraySerializer());
    }

    /**
     * Does one thing.
     *
     * @param requests of the jobs that may still be under way
     */
    void strike(List<PruneRequest> requests) throws IOException, InterruptedException, ExecutionException {
        Fault fault = Fault.draw(random);
        String victim = strike(fault, requests);
        if (!victim.isEmpty()) {
            LOG.debug("{} {}", fault, victim);
            done.merge(fault, 1, Integer::sum);
        }
    }

    /** @return whom or what the fault met; empty if there was nobody */
    private String strike(Fault fault, List<PruneRequest> requests)
            throws IOException, InterruptedException, ExecutionException {
        return switch (fault) {
            case KILL -> kill();
            case FREEZE -> freeze();
            case PAUSE -> pause();
            case JOIN -> join();
            case LEAVE -> leave();
            case BROKER_RESTART -> restartBroker();
            case POISON -> poison();
            case CANCEL, REPEAT, CONTRADICT -> requests.isEmpty() ? "" : meddle(fault, one(requests));
        };
    }

    private String kill() throws IOException {
        List<ServiceProcess> victims = mortals();
        if (victims.isEmpty()) {
            return "";
        }
        ServiceProcess victim = one(victims);
        bury(victim);
        Services.kill(victim);
        stack.services().launch(victim.launch().service());
        return victim.launch().name();
    }

    private String freeze() throws IOException, InterruptedException {
        List<ServiceProcess> victims = living().stream()
                .filter(process -> !frozen.containsKey(process))
                .toList();
        if (victims.isEmpty()) {
            return "";
        }
        ServiceProcess victim = one(victims);
        Services.freeze(victim);
        frozen.put(victim, in(LONGEST_FREEZE));
        return victim.launch().name();
    }

    private String pause() {
        ServiceProcess victim = one(living());
        stack.client()
                .command(command(victim)
                        .setPause(PauseCommand.getDefaultInstance())
                        .build());
        paused.put(victim, in(LONGEST_PAUSE));
        return victim.launch().name();
    }

    private String join() throws IOException {
        List<String> wanting = MOST.keySet().stream()
                .sorted()
                .filter(stage -> stack.services().living(stage).size() < MOST.get(stage))
                .toList();
        return wanting.isEmpty()
                ? ""
                : stack.services().launch(one(wanting)).launch().name();
    }

    /** As an orchestrator does it; a process that is frozen hears of it when it is awake again. */
    private String leave() {
        List<ServiceProcess> victims = mortals().stream()
                .filter(process -> !frozen.containsKey(process))
                .toList();
        if (victims.isEmpty()) {
            return "";
        }
        ServiceProcess victim = one(victims);
        bury(victim);
        victim.requestStop();
        return victim.launch().name();
    }

    private String restartBroker() throws IOException {
        stack.stopBroker();
        stack.restartBroker();
        return "the broker";
    }

    private String poison() throws InterruptedException, ExecutionException {
        return producer.send(new ProducerRecord<>("prune-requests", null, Poison.of(random)))
                .get()
                .toString();
    }

    private String meddle(Fault fault, PruneRequest request) {
        switch (fault) {
            case CANCEL -> stack.client().cancel(request.getRequestId(), "chaos");
            case REPEAT -> stack.client().submit(request);
            default -> stack.client().submit(request.toBuilder().setSeed(99).build());
        }
        return request.getRequestId();
    }

    /** Wakes up whoever has slept enough. */
    void wakeUp() throws IOException, InterruptedException {
        wakeUp(System.nanoTime());
    }

    private void wakeUp(long now) throws IOException, InterruptedException {
        for (ServiceProcess process : due(frozen, now)) {
            Services.unfreeze(process);
        }
        for (ServiceProcess process : due(paused, now)) {
            stack.client()
                    .command(command(process)
                            .setResume(ResumeCommand.getDefaultInstance())
                            .build());
        }
    }

    private static List<ServiceProcess> due(Map<ServiceProcess, Long> sleepers, long now) {
        List<ServiceProcess> due = sleepers.entrySet().stream()
                .filter(sleeper -> sleeper.getValue() - now <= 0)
                .map(Map.Entry::getKey)
                .toList();
        due.forEach(sleepers::remove);
        return due;
    }

    /** Ends all that still lasts; returns when every service works. */
    void end() throws IOException, InterruptedException {
        wakeUp(Long.MAX_VALUE);
        stack.services().awaitReady();
    }

    Map<Fault, Integer> done() {
        return Map.copyOf(done);
    }

    int done(Fault fault) {
        return done.getOrDefault(fault, 0);
    }

    /** Processes that have ended and that nobody here had ended. */
    List<String> endedByThemselves() {
        return stack.services().all().stream()
                .filter(process -> !process.isAlive())
                .map(process -> process.launch().name())
                .filter(name -> !ended.contains(name))
                .toList();
    }

    private void bury(ServiceProcess victim) {
        ended.add(victim.launch().name());
        frozen.remove(victim);
        paused.remove(victim);
    }

    private List<ServiceProcess> mortals() {
        return living().stream()
                .filter(process -> !process.launch().name().endsWith("-1"))
                .toList();
    }

    /** Without those that are about to end. */
    private List<ServiceProcess> living() {
        List<ServiceProcess> living = new ArrayList<>(stack.services().all());
        living.removeIf(
                process -> !process.isAlive() || ended.contains(process.launch().name()));
        return living;
    }

    private static WorkerCommand.Builder command(ServiceProcess worker) {
        return WorkerCommand.newBuilder().setWorkerId(worker.launch().name());
    }

    private long in(Duration atMost) {
        return System.nanoTime()
                + Duration.ofMillis(1000 + random.nextInt((int) atMost.toMillis()))
                        .toNanos();
    }

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    @Override
    public void close() {
        producer.close();
    }
}
