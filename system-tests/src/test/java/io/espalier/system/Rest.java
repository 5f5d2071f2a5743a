package io.espalier.system;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Control over HTTP, as a program speaks it. */
final class Rest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http;
    private final URI service;
    private final List<String> headers;

    /** @param headers of every call, names and values in turn */
    Rest(HttpClient http, URI service, String... headers) {
        this.http = http;
        this.service = service;
        this.headers = List.of(headers);
    }

    /**
     * @param body what it is: JSON, a page or lines of events
     */
    record Answer(int status, String body, HttpResponse<String> response) {
        JsonNode json() {
            try {
                return JSON.readTree(body);
            } catch (JsonProcessingException e) {
                throw new AssertionError("no JSON: " + body, e);
            }
        }

        String code() {
            return json().path("code").asText();
        }

        String message() {
            return json().path("message").asText();
        }

        /** What stands in each server-sent event. */
        List<JsonNode> events() {
            return body.lines()
                    .filter(line -> line.startsWith("data:"))
                    .map(line -> new Answer(status, line.substring("data:".length()), response).json())
                    .toList();
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }
    }

    Answer get(String path, String... more) throws IOException, InterruptedException {
        return send(request(path, more).GET().build());
    }

    Answer post(String path, String json, String... more) throws IOException, InterruptedException {
        return send(path, "application/json", json, more);
    }

    Answer send(String path, String type, String body, String... more) throws IOException, InterruptedException {
        return send(request(path, more)
                .header("Content-Type", type)
                .POST(BodyPublishers.ofString(body))
                .build());
    }

    private HttpRequest.Builder request(String path, String... more) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(service + path));
        List<String> all = Stream.concat(headers.stream(), Stream.of(more)).toList();
        for (int i = 0; i < all.size(); i += 2) {
            request.header(all.get(i), all.get(i + 1));
        }
        return request;
    }

    private Answer send(HttpRequest request) throws IOException, InterruptedException {
        // One caller has 50 calls a second.
        TimeUnit.MILLISECONDS.sleep(25);
        HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
        return new Answer(response.statusCode(), response.body(), response);
    }
}
