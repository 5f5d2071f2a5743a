package io.espalier.deploy;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.espalier.v1.PruneRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The reference of a request for users: every field by its path, with what {@code request.proto} says of it. */
final class RequestFields {
    private static final Pattern MESSAGE = Pattern.compile("^message (\\w+) \\{");
    private static final Pattern FIELD = Pattern.compile("^ {2}(?:optional |repeated )?\\S+ (\\w+) = \\d+;");
    private static final Pattern COMMENT = Pattern.compile("^ *// ?(.*)");

    /** Comments by message, or by message and field. */
    private final Map<String, String> comments = new LinkedHashMap<>();

    RequestFields(String proto) {
        List<String> comment = new ArrayList<>();
        String message = "";
        for (String line : proto.lines().toList()) {
            Matcher said = COMMENT.matcher(line);
            if (said.matches()) {
                comment.add(said.group(1));
                continue;
            }
            Matcher begun = MESSAGE.matcher(line);
            Matcher field = FIELD.matcher(line);
            if (begun.find()) {
                message = begun.group(1);
                comments.put(message, String.join(" ", comment));
            } else if (field.find()) {
                comments.put(message + "." + field.group(1), String.join(" ", comment));
            }
            comment.clear();
        }
    }

    /** The text of {@code docs/request.md}. */
    String markdown() {
        StringBuilder text = new StringBuilder("""
                # A request, field by field

                Made of the comments in [`request.proto`](../proto/src/main/proto/espalier/v1/request.proto). A request is YAML (`prune -f`), proto3 JSON or protobuf; every field has a flag of `prune` (`./espalier prune --help`). What is left out takes its default. [Recipes](../recipes/README.md) are requests to begin with.
                """);
        tables("", PruneRequest.getDescriptor(), text);
        return text.toString();
    }

    private void tables(String path, Descriptor message, StringBuilder text) {
        text.append("\n## ")
                .append(path.isEmpty() ? "The request" : "`" + path + "`")
                .append("\n\n");
        String about = comments.getOrDefault(message.getName(), "");
        if (!path.isEmpty() && !about.isEmpty()) {
            text.append(about).append("\n\n");
        }
        text.append("| field | type | meaning |\n| --- | --- | --- |\n");
        for (FieldDescriptor field : message.getFields()) {
            text.append("| `")
                    .append(field.getName())
                    .append("` | ")
                    .append(type(field))
                    .append(" | ")
                    .append(meaning(message, field).replace("|", "\\|"))
                    .append(" |\n");
        }
        for (FieldDescriptor field : message.getFields()) {
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                tables(
                        (path.isEmpty() ? "" : path + ".") + field.getName() + (field.isRepeated() ? "[]" : ""),
                        field.getMessageType(),
                        text);
            }
        }
    }

    private String meaning(Descriptor message, FieldDescriptor field) {
        String said = comments.getOrDefault(message.getName() + "." + field.getName(), "");
        return said.isEmpty() ? "see below" : said;
    }

    private static String type(FieldDescriptor field) {
        String type =
                switch (field.getJavaType()) {
                    case MESSAGE -> "object";
                    case STRING -> "text";
                    case BOOLEAN -> "true or false";
                    case DOUBLE, FLOAT -> "number";
                    default -> "whole number";
                };
        return field.isRepeated() ? "list of " + type : type;
    }
}
