package io.espalier.deploy;

import io.espalier.cli.stack.ServiceProcess.Launch;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** What a service answers to the question whether it is ready. */
final class Readiness {
    private Readiness() {}

    /** The answer, once it is no and names the cause. */
    static String awaitDown(Launch launch, String cause, Duration limit) throws IOException, InterruptedException {
        HttpRequest question = HttpRequest.newBuilder(launch.http().resolve("/q/health/ready"))
                .timeout(Duration.ofSeconds(10))
                .build();
        String answer = "none";
        long end = System.nanoTime() + limit.toNanos();
        while (System.nanoTime() < end) {
            try {
                HttpResponse<String> response =
                        HttpClient.newHttpClient().send(question, HttpResponse.BodyHandlers.ofString());
                answer = response.body();
                if (response.statusCode() == 503 && answer.contains(cause)) {
                    return answer;
                }
            } catch (IOException e) {
                answer = e.toString();
            }
            Thread.sleep(200);
        }
        throw new IOException("the last answer of %s was %s; see %s".formatted(launch.name(), answer, launch.log()));
    }
}
