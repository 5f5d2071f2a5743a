package io.espalier.pipeline.topic;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Headers;

/** How the public facts and events are written; every reader of ours takes both, by the content-type header. */
public enum EventsFormat {
    PROTOBUF(CloudEventHeaders.PROTOBUF) {
        @Override
        public byte[] encode(Message message) {
            return message.toByteArray();
        }
    },
    /** Proto3 JSON under the field names of the contracts, for consumers without the schema. */
    JSON(CloudEventHeaders.JSON) {
        @Override
        public byte[] encode(Message message) {
            try {
                return JsonFormat.printer()
                        .preservingProtoFieldNames()
                        .omittingInsignificantWhitespace()
                        .print(message)
                        .getBytes(StandardCharsets.UTF_8);
            } catch (InvalidProtocolBufferException e) {
                throw new IllegalStateException("no Any message is in use, so every message has a JSON form", e);
            }
        }
    };

    private final String contentType;

    EventsFormat(String contentType) {
        this.contentType = contentType;
    }

    public String contentType() {
        return contentType;
    }

    public abstract byte[] encode(Message message);

    /** The message as protobuf bytes, whichever way it was written. */
    public static byte[] protobuf(byte[] value, Headers headers, Message prototype)
            throws InvalidProtocolBufferException {
        if (!CloudEventHeaders.isJson(headers)) {
            return value;
        }
        Message.Builder message = prototype.newBuilderForType();
        JsonFormat.parser().ignoringUnknownFields().merge(new String(value, StandardCharsets.UTF_8), message);
        return message.build().toByteArray();
    }
}
