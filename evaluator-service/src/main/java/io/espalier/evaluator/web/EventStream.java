package io.espalier.evaluator.web;

import io.espalier.v1.JobEvent;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.operators.multi.processors.UnicastProcessor;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The events of a job on their way to one reader. While many wait to be read it says that it is not ready, and a watch keeps progress
 * to itself then: what a slow reader has not read is a bounded number of events.
 */
final class EventStream extends ServerCallStreamObserver<JobEvent> {
    /** More than a watch tells of what was before it. */
    static final int MOST_UNREAD = 256;

    private final AtomicInteger unread = new AtomicInteger();
    private final UnicastProcessor<JobEvent> events =
            UnicastProcessor.create(new ConcurrentLinkedQueue<>(), this::left);
    private @Nullable Throwable failure;
    private volatile @Nullable Runnable onLeft;

    private EventStream() {}

    /** @throws StatusRuntimeException if the watch is refused */
    static Multi<JobEvent> of(Consumer<ServerCallStreamObserver<JobEvent>> watch) {
        EventStream stream = new EventStream();
        watch.accept(stream);
        if (stream.failure != null) {
            throw Status.fromThrowable(stream.failure).asRuntimeException();
        }
        return stream.events.onItem().invoke(event -> stream.unread.decrementAndGet());
    }

    private void left() {
        Runnable handler = onLeft;
        if (handler != null) {
            handler.run();
        }
    }

    @Override
    public boolean isReady() {
        return unread.get() < MOST_UNREAD;
    }

    @Override
    public void onNext(JobEvent event) {
        unread.incrementAndGet();
        events.onNext(event);
    }

    @Override
    public void onError(Throwable why) {
        failure = why;
        events.onError(why);
    }

    @Override
    public void onCompleted() {
        events.onComplete();
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {
        onLeft = handler;
    }

    @Override
    public boolean isCancelled() {
        return false;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {
        // A watch asks isReady() before each event instead.
    }

    @Override
    public void request(int count) {
        // A watch is one request, which is here already.
    }

    @Override
    public void setMessageCompression(boolean enable) {}

    @Override
    public void setCompression(String compression) {}

    @Override
    public void disableAutoInboundFlowControl() {}
}
