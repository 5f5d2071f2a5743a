package io.espalier.pipeline.queue;

import io.espalier.v1.WorkerBeat;
import io.espalier.v1.WorkerState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether a worker takes tasks, and the one it has in hand.
 *
 * <pre>
 *              pause                        drain                     task given back
 *   READY ───────────────▶ PAUSED ────────────────────▶ DRAINING ────────────────────▶ DRAINED
 *     ▲ │                    │                            ▲                               │
 *     │ └────────────────────┼──── drain, close ──────────┘                               │
 *     └──────────────────────┴─────────────── resume ─────────────────────────────────────┘
 * </pre>
 *
 * A paused worker finishes its task; a draining one cancels it and gives it back.
 */
public final class Availability {
    private final Duration grace;
    private final List<Runnable> watchers = new ArrayList<>();
    private Wanted wanted = Wanted.READY;
    /** Whether the queue is a member of its group. */
    private boolean member;

    private @Nullable TaskInProgress inHand;

    private enum Wanted {
        READY,
        PAUSED,
        DRAINED,
        CLOSED
    }

    /** @param grace how long a task that does not report is waited for before it is given back all the same */
    public Availability(Duration grace) {
        this.grace = grace;
    }

    /** Hears of every change, on the thread that makes it. */
    public synchronized void watch(Runnable watcher) {
        watchers.add(watcher);
    }

    public void pause() {
        want(Wanted.PAUSED);
    }

    public void resume() {
        want(Wanted.READY);
    }

    public void drain() {
        want(Wanted.DRAINED);
    }

    /** Drains for good. */
    void close() {
        want(Wanted.CLOSED);
    }

    private synchronized void want(Wanted next) {
        if (wanted == Wanted.CLOSED || wanted == next) {
            return;
        }
        wanted = next;
        giveBackUnlessWanted();
        changed();
    }

    private void giveBackUnlessWanted() {
        if (inHand != null && (wanted == Wanted.DRAINED || wanted == Wanted.CLOSED)) {
            inHand.giveBack();
        }
    }

    Duration grace() {
        return grace;
    }

    synchronized boolean isOpen() {
        return wanted == Wanted.READY;
    }

    /** @return false when no task will ever be taken again */
    synchronized boolean awaitOpen() throws InterruptedException {
        while (wanted != Wanted.READY && wanted != Wanted.CLOSED) {
            wait();
        }
        member = wanted == Wanted.READY;
        return member;
    }

    /** The queue has left its group. */
    synchronized void left() {
        member = false;
        changed();
    }

    synchronized void takeUp(TaskInProgress task) {
        inHand = task;
        giveBackUnlessWanted();
        changed();
    }

    synchronized void putDown() {
        if (inHand != null) {
            inHand = null;
            changed();
        }
    }

    private void changed() {
        notifyAll();
        watchers.forEach(Runnable::run);
    }

    public synchronized WorkerState state() {
        return switch (wanted) {
            case READY -> WorkerState.READY;
            case PAUSED -> WorkerState.PAUSED;
            case DRAINED, CLOSED -> member ? WorkerState.DRAINING : WorkerState.DRAINED;
        };
    }

    /** Fills in state and task. */
    public synchronized WorkerBeat.Builder describe(WorkerBeat.Builder beat) {
        beat.setState(state());
        return inHand == null ? beat.clearTask() : beat.setTask(inHand.toWire());
    }
}
