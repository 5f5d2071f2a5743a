package io.espalier.evaluator.domain;

import io.espalier.evaluator.llama.LlamaCommand;
import io.espalier.evaluator.llama.LlamaFailure;
import io.espalier.evaluator.llama.LlamaModels;
import io.espalier.job.Inspection;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.export.GgufExport;
import io.espalier.model.export.GgufType;
import io.espalier.model.transformer.ModelSize;
import io.espalier.model.transformer.ResidentModel;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Whether llama.cpp and this program generate the same text with the pruned model, both in fp32. With other types llama.cpp
 * rounds activations too.
 */
record LlamaAgreement(LlamaCommand command, Duration deadline, LlamaModels.Setting setting, Inspection inspection) {
    private static final int TOKENS = 16;

    /**
     * @param file to write, deleted with its folder
     * @param ids the tokens of the prompt, with those that begin it
     * @return one line for the report; why nothing was compared if so
     */
    String note(Checkpoint pruned, Path file, String prompt, int[] ids) {
        long budget = inspection.computation().budget().bytes();
        long resident = Float.BYTES
                * ModelSize.of(pruned.config(), pruned.tensors().values(), 1).parameters();
        if (resident > budget) {
            return "texts of llama.cpp and espalier were not compared: in fp32 the model exceeds espalier.memory.budget";
        }
        try {
            LlamaSpeeds.write(GgufExport.of(pruned, GgufType.F32), file);
            LlamaModels.Agreement agreement =
                    LlamaModels.agreement(command, file, setting, prompt, continuation(pruned, ids), deadline);
            return words(agreement);
        } catch (LlamaFailure e) {
            return "texts of llama.cpp and espalier were not compared: " + e.reason();
        }
    }

    private static int[] continuation(Checkpoint pruned, int[] prompt) {
        int[] ids = new int[TOKENS];
        try (ResidentModel model = ResidentModel.load(pruned);
                ResidentModel.Generation text = model.begin()) {
            ids[0] = text.read(prompt);
            for (int i = 1; i < TOKENS; i++) {
                ids[i] = text.read(ids[i - 1]);
            }
        }
        return ids;
    }

    private static String words(LlamaModels.Agreement agreement) {
        if (agreement.tokens() == TOKENS) {
            return "in fp32 llama.cpp generates the same %d tokens behind the prompt as espalier".formatted(TOKENS);
        }
        return agreement.ended()
                ? "in fp32 llama.cpp generates the same tokens as espalier until it ends the text behind %d"
                        .formatted(agreement.tokens())
                : "in fp32 token %d of %d that llama.cpp generates behind the prompt differs from espalier's"
                        .formatted(agreement.tokens() + 1, TOKENS);
    }
}
