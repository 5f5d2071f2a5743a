package io.espalier.cli;

import io.espalier.v1.PruneRequest;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Says what a checkpoint is, and what a request would make of it. It needs no broker. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Says what a checkpoint is: family, shapes, tokenizer, what can be written of it.",
            "With --calibration and the other flags of prune also what such a job would leave and need, or why it is refused."
        })
final class CheckCommand implements Callable<Integer> {
    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description = "Checkpoint folder, inside the root of the models. Instead of --model.")
    private @Nullable String model;

    @Mixin
    private RequestOptions requestOptions = new RequestOptions();

    @Mixin
    private StackOptions stackOptions = new StackOptions();

    @Override
    public Integer call() throws Exception {
        PruneRequest request = requestOptions.request();
        return DryRun.of(
                model == null ? request : request.toBuilder().setModel(model).build(), stackOptions.settings());
    }
}
