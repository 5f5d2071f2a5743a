package io.espalier.cli.view;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;

/**
 * Formats messages as proto3 JSON on one line, with the field names of the .proto files. Fields without a value are written too,
 * so that scripts can rely on them.
 */
public final class ProtoJson {
    private static final JsonFormat.Printer LINE = JsonFormat.printer()
            .preservingProtoFieldNames()
            .omittingInsignificantWhitespace()
            .alwaysPrintFieldsWithNoPresence();

    private ProtoJson() {}

    public static String line(MessageOrBuilder message) {
        try {
            return LINE.print(message);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("no Any message is in use, so every message has a JSON form", e);
        }
    }
}
