package io.espalier.cli.view;

import io.espalier.v1.EvaluationReport;
import io.espalier.v1.LocalRecoveryReport;
import io.espalier.v1.LoraRecoveryReport;
import io.espalier.v1.LossCurve;
import io.espalier.v1.LossPoint;
import io.espalier.v1.RecoveryReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What a recovery did to the losses it trained for, in a line. */
final class RecoveryLine {
    private RecoveryLine() {}

    /** Behind an empty line; nothing where there was no recovery. */
    static String of(EvaluationReport report) {
        if (!report.hasRecovery()) {
            return "";
        }
        RecoveryReport recovery = report.getRecovery();
        List<String> ways = new ArrayList<>();
        if (recovery.hasLocal()) {
            ways.add(local(recovery.getLocal()));
        }
        if (recovery.hasLora()) {
            ways.add(adapters(recovery.getLora()));
        }
        return String.format(
                Locale.ROOT,
                "\n\nrecovery on %,d windows%s: %s",
                recovery.getWindows(),
                recovery.getTextSha256().isEmpty() ? "" : " of a text of its own",
                String.join("; ", ways));
    }

    private static String local(LocalRecoveryReport local) {
        return String.format(
                Locale.ROOT,
                "local distillation, %s: mean layer error %.4f → %.4f",
                local.getOrder().replaceAll("\\p{C}", "?"),
                mean(local, RecoveryLine::before),
                mean(local, RecoveryLine::after));
    }

    private static String adapters(LoraRecoveryReport lora) {
        return String.format(
                Locale.ROOT,
                "adapters of rank %d: %s %.4f → %.4f at step %,d of %,d",
                lora.getRank(),
                lora.getObjective().equals("distill") ? "KL" : "loss",
                before(lora.getLoss()),
                after(lora.getLoss()),
                lora.getLoss().getBest(),
                lora.getSteps());
    }

    private static double mean(LocalRecoveryReport local, ToDoubleFunction<LossCurve> loss) {
        return local.getLayersList().stream()
                .mapToDouble(layer -> loss.applyAsDouble(layer.getLoss()))
                .average()
                .orElse(0);
    }

    private static double before(LossCurve curve) {
        return heldOut(curve, 0);
    }

    private static double after(LossCurve curve) {
        return heldOut(curve, curve.getBest());
    }

    private static double heldOut(LossCurve curve, int step) {
        return curve.getPointsList().stream()
                .filter(point -> point.getStep() == step)
                .mapToDouble(LossPoint::getHeldOut)
                .findFirst()
                .orElse(0);
    }
}
