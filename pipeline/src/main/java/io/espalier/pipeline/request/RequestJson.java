package io.espalier.pipeline.request;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.v1.PruneRequest;

/** The request as people write it: proto3 JSON, or the same in YAML. A misspelt field is an error, not a default. */
public final class RequestJson {
    private RequestJson() {}

    /** @throws EspalierException MALFORMED_MESSAGE naming the field or the place */
    public static PruneRequest fromJson(String json) {
        try {
            PruneRequest.Builder request = PruneRequest.newBuilder();
            JsonFormat.parser().merge(json, request);
            return request.build();
        } catch (InvalidProtocolBufferException e) {
            throw new EspalierException(
                    ErrorCode.MALFORMED_MESSAGE, "not a prune request in proto3 JSON: " + reason(e), e);
        }
    }

    /** Without the Java class names the parser puts in front. */
    private static String reason(InvalidProtocolBufferException e) {
        return String.valueOf(e.getMessage()).replaceAll("^([a-z]+\\.)+[A-Za-z$]+: ", "");
    }

    /** @throws EspalierException MALFORMED_MESSAGE naming the field or the place */
    public static PruneRequest fromYaml(String yaml) {
        try {
            return fromJson(new ObjectMapper(new YAMLFactory()).readTree(yaml).toString());
        } catch (JsonProcessingException e) {
            throw new EspalierException(ErrorCode.MALFORMED_MESSAGE, "not YAML: " + e.getOriginalMessage(), e);
        }
    }
}
