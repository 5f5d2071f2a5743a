package io.espalier.job;

import io.espalier.v1.PrunedCheckpoint;
import java.util.List;

/** What was removed per kind of unit, on the wire. */
public final class UnitsRemovedMapper {
    private UnitsRemovedMapper() {}

    /** @param checkpoint with its request, inputs, output and layers */
    public static List<io.espalier.v1.UnitsRemoved> toWire(PrunedCheckpoint checkpoint) {
        return UnitsRemoved.of(
                        RequestMapper.toSpec(checkpoint.getJobId(), checkpoint.getRequest()),
                        InspectionMapper.fromWire(checkpoint.getInputs()),
                        checkpoint.getOutput(),
                        checkpoint.getLayersList().stream()
                                .map(InspectionMapper::fromWire)
                                .toList())
                .stream()
                .map(UnitsRemovedMapper::toWire)
                .toList();
    }

    private static io.espalier.v1.UnitsRemoved toWire(UnitsRemoved removed) {
        return io.espalier.v1.UnitsRemoved.newBuilder()
                .setKind(removed.kind())
                .setUnits(removed.units())
                .setRemoved(removed.removed())
                .setAsked(removed.asked().orElse(0))
                .setNote(removed.note())
                .build();
    }
}
