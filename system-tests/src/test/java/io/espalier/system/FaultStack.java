package io.espalier.system;

import io.espalier.v1.PruneRequest;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests that share a stack whose parts they kill; before each of them it is whole, after each every promise is checked. */
abstract class FaultStack {
    @RegisterExtension
    static final SharedStack SHARED = new SharedStack(folder -> Stack.start(Folders.of(folder)));

    static Stack stack;

    @BeforeAll
    static void share(Stack shared) {
        stack = shared;
    }

    @BeforeEach
    void everyServiceWorks() throws Exception {
        stack.services().ensure("scorer", 2);
        stack.services().ensure("pruner", 1);
        stack.services().ensure("recoverer", 1);
        stack.services().ensure("evaluator", 1);
    }

    @AfterEach
    void everyPromiseHolds() {
        new PipelineVerifier(stack).verifyWithCompletion();
    }

    /**
     * What comes of a request when nothing breaks; run once for all classes.
     *
     * @param jobId of the undisturbed job
     * @param request for a job of that id
     */
    static Outcome faultFree(String jobId, Function<String, PruneRequest> request) {
        if (stack.log().terminalEvents(jobId).isEmpty()) {
            stack.run(request.apply(jobId));
        }
        return Outcome.of(stack, jobId);
    }
}
