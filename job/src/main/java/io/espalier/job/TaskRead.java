package io.espalier.job;

import io.espalier.model.zeroshot.ZeroShotTask;

/**
 * What was read of the data of a multiple-choice task.
 *
 * @param longest tokens of the longest choice with its context
 * @param sha256 of the file
 */
public record TaskRead(ZeroShotTask task, int questions, int longest, String sha256) {}
