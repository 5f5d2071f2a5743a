package io.espalier.evaluator.domain;

import io.espalier.base.Progress;

/**
 * Counts the perplexities of several models as one piece of work.
 *
 * @param models that are measured
 * @param tokensOfEach tokens that pass the layers of one model, about: a pruned model may have fewer layers
 */
record ModelsProgress(Progress progress, int models, long tokensOfEach) {
    /** Hears of the layers of the first models, which are measured together. */
    Progress first(int together) {
        return (unit, done, total, tokens) -> progress.advanced(unit, done, total * models / together, tokens);
    }

    /** Hears of one model's layers, and says how far all models are. */
    Progress of(int model) {
        return (unit, done, total, tokens) ->
                progress.advanced(unit, model * total + done, models * total, model * tokensOfEach + tokens);
    }
}
