package io.espalier.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.util.Locale;
import java.util.Set;

/** Resources held against the schemas that their makers publish: a field too many or too few is an error. */
final class Schemas {
    private Schemas() {}

    /**
     * Of KEDA and of the Prometheus operator; where the schemas come from: src/test/resources/schemas/README.md.
     *
     * @throws IllegalArgumentException naming the fields that do not fit
     */
    static void checkCustom(JsonNode document) {
        String file = "/schemas/" + document.path("kind").asText().toLowerCase(Locale.ROOT) + ".json";
        try (InputStream schema = Schemas.class.getResourceAsStream(file)) {
            if (schema == null) {
                throw new IllegalArgumentException("no schema " + file);
            }
            Set<ValidationMessage> errors = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7)
                    .getSchema(schema)
                    .validate(document);
            if (!errors.isEmpty()) {
                throw new IllegalArgumentException(errors.toString());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Of Kubernetes' own kinds, by the classes that its client generates from its OpenAPI document; nothing is said of other
     * kinds. Only for a whole resource: a patch lacks what it leaves as it is.
     *
     * @throws IllegalArgumentException naming the field that does not fit
     */
    static void checkWhole(JsonNode document) throws ReflectiveOperationException {
        if (!isOfKubernetes(document)) {
            return;
        }
        String model =
                "io.kubernetes.client.openapi.models.V1" + document.path("kind").asText();
        try {
            Class.forName(model)
                    .getMethod("validateJsonElement", JsonElement.class)
                    .invoke(null, JsonParser.parseString(document.toString()));
        } catch (InvocationTargetException e) {
            throw new IllegalArgumentException(model, e.getCause());
        }
    }

    private static boolean isOfKubernetes(JsonNode document) {
        String group = document.path("apiVersion").asText();
        return !group.contains(".") || (group.contains(".k8s.io/") && !group.startsWith("kustomize."));
    }
}
