package io.espalier.pipeline.control;

import io.espalier.v1.Job;

/**
 * Who calls, and what of other people's they may see and command. What they sent themselves they may always see and cancel.
 *
 * @param name of the authenticated principal; empty if nobody was authenticated
 * @param seesAll whether they see the jobs of others
 * @param operates whether they command workers and cancel the jobs of others
 */
public record Caller(String name, boolean seesAll, boolean operates) {
    /** Where nobody is asked who they are, everybody may do everything. */
    public static final Caller ANYBODY = new Caller("", true, true);

    boolean sees(Job job) {
        return seesAll || owns(job);
    }

    boolean cancels(Job job) {
        return operates || owns(job);
    }

    private boolean owns(Job job) {
        return !name.isEmpty() && name.equals(job.getBy());
    }
}
