package io.espalier.evaluator.domain;

import io.espalier.base.Progress;

/** Counts the tokens of several models, which pass one after the other, as one piece of work. */
final class CountedModels {
    private final Progress progress;
    private final int models;
    private long before;
    private long latest;

    CountedModels(Progress progress, int models) {
        this.progress = progress;
        this.models = models;
    }

    Progress of(int model) {
        before += latest;
        latest = 0;
        return (unit, done, total, tokens) -> {
            latest = tokens;
            progress.advanced(unit, model * total + done, models * total, before + tokens);
        };
    }
}
