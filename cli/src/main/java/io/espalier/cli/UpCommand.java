package io.espalier.cli;

import io.espalier.cli.stack.LocalStack;
import io.espalier.cli.stack.StackAddress;
import io.espalier.cli.stack.StackSettings;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs the local stack until Ctrl-C. */
@Command(
        name = "up",
        mixinStandardHelpOptions = true,
        description = "Starts Kafka and the services on this machine, keeps them running and stays until Ctrl-C.")
final class UpCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private StackOptions stackOptions = new StackOptions();

    @Option(names = "--json", description = "Print the addresses as one JSON object.")
    private boolean json;

    @Option(
            names = "--new-log",
            description = "Start with an empty Kafka log, without topics and jobs of before; the earlier log is kept.")
    private boolean newLog;

    @Option(names = "--open", description = "Open the web page in the browser of this machine.")
    private boolean open;

    UpCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        StackSettings settings = stackOptions.settings();
        if (newLog) {
            LocalStack.setLogAside(settings)
                    .ifPresent(earlier -> console.say("the earlier log of Kafka now lies in " + earlier));
        }
        LogOutput.toFile(settings.log("broker"));
        try (LocalStack stack = LocalStack.start(settings, console::say)) {
            console.result(json ? stack.address().json() : addresses(stack.address(), settings));
            if (open) {
                openPage(stack.address());
            }
            // The stack restarts its services by itself. Ctrl-C ends this process, and its shutdown hook stops the
            // stack.
            while (true) {
                TimeUnit.DAYS.sleep(1);
            }
        }
    }

    /** The stack runs whether or not anybody looks at it. */
    private void openPage(StackAddress stack) throws InterruptedException {
        try {
            Browser.ofThisMachine().open(stack.page());
        } catch (CommandFailure e) {
            console.say(String.valueOf(e.getMessage()));
        }
    }

    private static String addresses(StackAddress stack, StackSettings settings) {
        StringBuilder text = new StringBuilder("Kafka       ").append(stack.bootstrap());
        for (StackAddress.Service service : stack.services()) {
            text.append("%n%-11s %s  gRPC %s".formatted(service.name(), service.http(), service.grpc()));
        }
        return text.append("%npage        %s".formatted(stack.page()))
                .append("%nmodels      %s".formatted(settings.models()))
                .append("%ntexts       %s".formatted(settings.texts()))
                .append("%nartifacts   %s".formatted(settings.artifacts()))
                .append("%nlogs        %s".formatted(settings.log("broker").getParent()))
                .append("%nOnly this machine reaches these addresses (127.0.0.1); they ask for no password."
                        .formatted())
                .append("%nCtrl-C ends it all.".formatted())
                .toString();
    }
}
