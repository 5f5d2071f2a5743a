package io.espalier.evaluator.web;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The one answer of a call that is done when it returns. */
final class Answer<T extends Message> implements StreamObserver<T> {
    private static final JsonFormat.Printer JSON =
            JsonFormat.printer().preservingProtoFieldNames().omittingInsignificantWhitespace();

    private @Nullable T message;
    private @Nullable Throwable failure;

    private Answer() {}

    /**
     * @return the answer in proto3 JSON with the names of the .proto files
     * @throws StatusRuntimeException the refusal of the call
     */
    static <Q, T extends Message> String json(BiConsumer<Q, StreamObserver<T>> call, Q request) {
        return json(of(call, request));
    }

    /** @throws StatusRuntimeException the refusal of the call */
    static <Q, T extends Message> T of(BiConsumer<Q, StreamObserver<T>> call, Q request) {
        Answer<T> answer = new Answer<>();
        call.accept(request, answer);
        if (answer.failure != null) {
            throw Status.fromThrowable(answer.failure).asRuntimeException();
        }
        T message = answer.message;
        if (message == null) {
            throw Status.INTERNAL.withDescription("the call has no answer").asRuntimeException();
        }
        return message;
    }

    static String json(MessageOrBuilder message) {
        try {
            return JSON.print(message);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("no Any message is in use, so every message has a JSON form", e);
        }
    }

    @Override
    public void onNext(T value) {
        message = value;
    }

    @Override
    public void onError(Throwable why) {
        failure = why;
    }

    @Override
    public void onCompleted() {}
}
