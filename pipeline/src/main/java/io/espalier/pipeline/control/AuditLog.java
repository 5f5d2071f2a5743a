package io.espalier.pipeline.control;

import io.grpc.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who asked for what, with which outcome: one line of the log category {@code espalier.audit} for each command. */
public final class AuditLog {
    private static final Logger LOG = LoggerFactory.getLogger("espalier.audit");
    private static final int MAX_CHARS = 200;

    private AuditLog() {}

    /**
     * @param caller name of the authenticated principal; empty if nobody was authenticated
     * @param target id of the job or worker, or what else the action is about
     */
    public static void record(String caller, String action, String target, Status.Code outcome) {
        LOG.info(line(caller, action, target, outcome));
    }

    /** Says how many refused calls came too fast to have a line each. */
    public static void unsaid(long calls) {
        LOG.info("{} more calls were refused, too fast for a line each", calls);
    }

    static String line(String caller, String action, String target, Status.Code outcome) {
        return "by=\"%s\" action=\"%s\" on=\"%s\" outcome=%s"
                .formatted(printable(caller), printable(action), printable(target), outcome);
    }

    /** Callers choose these texts, so none may begin a new line, end its quotes or fill the log. */
    private static String printable(String text) {
        String kept = text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS) + "...";
        return kept.replaceAll("[\\p{Cntrl}\\p{Cf}\\p{Zl}\\p{Zp}\"]", "?");
    }
}
