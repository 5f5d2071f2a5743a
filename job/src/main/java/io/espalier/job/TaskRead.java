package io.espalier.job;

import io.espalier.model.zeroshot.ZeroShotTask;

/**
 * What was read of the data of a multiple-choice task.
 *
 * @param sha256 of the file
 */
public record TaskRead(ZeroShotTask task, int questions, String sha256) {}
