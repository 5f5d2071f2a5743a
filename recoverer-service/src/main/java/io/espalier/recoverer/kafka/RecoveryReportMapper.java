package io.espalier.recoverer.kafka;

import io.espalier.job.Recovery;
import io.espalier.model.recovery.LossCurve;
import io.espalier.recoverer.domain.RecoveryReport;
import io.espalier.v1.LayerRecovery;
import io.espalier.v1.LocalRecoveryReport;
import io.espalier.v1.LoraRecoveryReport;
import io.espalier.v1.LossPoint;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a recovery did, on the wire. */
final class RecoveryReportMapper {
    private RecoveryReportMapper() {}

    /**
     * For users, with what they asked for. Of each layer's curve only the ends and the best point go on: the curves of many layers
     * and budgets would not fit in one record. The manifest has them whole.
     */
    static io.espalier.v1.RecoveryReport.Builder toWire(RecoveryReport report, Recovery asked) {
        SortedMap<Integer, LossCurve> layers = new TreeMap<>();
        report.layers().forEach((layer, curve) -> layers.put(layer, curve.endsAndBest()));
        io.espalier.v1.RecoveryReport.Builder wire =
                toWire(new RecoveryReport(report.windows(), layers, report.adapters())).toBuilder();
        asked.local().ifPresent(training -> wire.getLocalBuilder()
                .setOrder(Recovery.order(training))
                .setSteps(training.steps()));
        asked.lora().ifPresent(training -> wire.getLoraBuilder()
                .setRank(training.rank())
                .setObjective(Recovery.label(training.objective()))
                .setSteps(training.steps()));
        return wire;
    }

    static io.espalier.v1.RecoveryReport toWire(RecoveryReport report) {
        io.espalier.v1.RecoveryReport.Builder wire =
                io.espalier.v1.RecoveryReport.newBuilder().setWindows(report.windows());
        if (!report.layers().isEmpty()) {
            wire.setLocal(LocalRecoveryReport.newBuilder().addAllLayers(layers(report.layers())));
        }
        report.adapters()
                .ifPresent(loss -> wire.setLora(LoraRecoveryReport.newBuilder().setLoss(toWire(loss))));
        return wire.build();
    }

    static RecoveryReport fromWire(io.espalier.v1.RecoveryReport wire) {
        return new RecoveryReport(
                wire.getWindows(),
                layers(wire.getLocal().getLayersList()),
                wire.hasLora() ? Optional.of(fromWire(wire.getLora().getLoss())) : Optional.empty());
    }

    static List<LayerRecovery> layers(SortedMap<Integer, LossCurve> layers) {
        return layers.entrySet().stream()
                .map(layer -> LayerRecovery.newBuilder()
                        .setLayer(layer.getKey())
                        .setLoss(toWire(layer.getValue()))
                        .build())
                .toList();
    }

    static SortedMap<Integer, LossCurve> layers(List<LayerRecovery> wire) {
        SortedMap<Integer, LossCurve> layers = new TreeMap<>();
        wire.forEach(layer -> layers.put(layer.getLayer(), fromWire(layer.getLoss())));
        return layers;
    }

    static io.espalier.v1.LossCurve toWire(LossCurve curve) {
        io.espalier.v1.LossCurve.Builder wire =
                io.espalier.v1.LossCurve.newBuilder().setBest(curve.best());
        curve.points()
                .forEach(point -> wire.addPoints(LossPoint.newBuilder()
                        .setStep(point.step())
                        .setTrained(point.trained())
                        .setHeldOut(point.heldOut())));
        return wire.build();
    }

    static LossCurve fromWire(io.espalier.v1.LossCurve wire) {
        return new LossCurve(
                wire.getPointsList().stream()
                        .map(point -> new LossCurve.Point(point.getStep(), point.getTrained(), point.getHeldOut()))
                        .toList(),
                wire.getBest());
    }
}
