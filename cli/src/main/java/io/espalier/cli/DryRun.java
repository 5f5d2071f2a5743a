package io.espalier.cli;

import io.espalier.cli.stack.ServiceProgram;
import io.espalier.cli.stack.StackSettings;
import io.espalier.cli.view.ProtoJson;
import io.espalier.v1.PruneRequest;
import java.io.IOException;
import java.util.List;

/** Checks a request as the scorer does, in a process with the scorer's jars and without a broker. */
final class DryRun {
    private static final String PROGRAM = "io.espalier.scorer.check.CheckProgram";

    private DryRun() {}

    /** @return the exit code */
    static int of(PruneRequest request, StackSettings settings) throws IOException, InterruptedException {
        PruneRequest named = request.getRequestId().isEmpty()
                ? request.toBuilder().setRequestId("check").build()
                : request;
        return ServiceProgram.run(
                Homes.program(),
                "scorer",
                PROGRAM,
                List.of(
                        settings.models().toString(),
                        settings.texts().toString(),
                        settings.artifacts().toString(),
                        ProtoJson.line(named)));
    }
}
