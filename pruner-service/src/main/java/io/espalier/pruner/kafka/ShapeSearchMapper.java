package io.espalier.pruner.kafka;

import io.espalier.job.InspectionMapper;
import io.espalier.model.artifact.StoredFile;
import io.espalier.pruner.domain.ChosenShapes;
import io.espalier.pruner.domain.Component;
import io.espalier.pruner.domain.PruneResult;
import io.espalier.pruner.domain.SearchCandidate;
import io.espalier.v1.CutsMeasured;
import io.espalier.v1.CutsPriced;
import io.espalier.v1.FileRef;
import io.espalier.v1.LayerHalf;
import io.espalier.v1.SearchReport;
import io.espalier.v1.ShapesChosen;
import java.util.List;

/** What a search for shapes finds, on the wire. */
final class ShapeSearchMapper {
    private ShapeSearchMapper() {}

    static CutsPriced toWire(PruneResult.Priced priced) {
        CutsPriced.Builder wire = CutsPriced.newBuilder().setPrices(toWire(priced.prices()));
        priced.components()
                .forEach(component -> wire.addHalves(
                        LayerHalf.newBuilder().setLayer(component.layer()).setHalf(component.label())));
        return wire.build();
    }

    static PruneResult.Priced priced(CutsPriced wire) {
        return new PruneResult.Priced(
                wire.getHalvesList().stream()
                        .map(half -> Component.of(half.getLayer(), half.getHalf()))
                        .toList(),
                file(wire.getPrices()));
    }

    static CutsMeasured toWire(PruneResult.Measured measured) {
        return CutsMeasured.newBuilder().setPrices(toWire(measured.prices())).build();
    }

    static PruneResult.Measured measured(CutsMeasured wire) {
        return new PruneResult.Measured(file(wire.getPrices()));
    }

    static ShapesChosen toWire(ChosenShapes chosen) {
        ShapesChosen.Builder wire = ShapesChosen.newBuilder()
                .setOutput(chosen.output())
                .setReport(toWire(chosen.candidates()))
                .setDetails(toWire(chosen.details()));
        chosen.shapes().forEach(shape -> wire.addLayers(InspectionMapper.toWire(shape)));
        return wire.build();
    }

    static ChosenShapes chosen(ShapesChosen wire) {
        return new ChosenShapes(
                wire.getOutput(),
                wire.getLayersList().stream().map(InspectionMapper::fromWire).toList(),
                candidates(wire.getReport()),
                file(wire.getDetails()));
    }

    static SearchReport toWire(List<SearchCandidate> candidates) {
        SearchReport.Builder wire = SearchReport.newBuilder();
        candidates.forEach(candidate -> wire.addCandidates(io.espalier.v1.SearchCandidate.newBuilder()
                .setName(candidate.name())
                .setPredicted(candidate.predicted())
                .setDivergence(candidate.divergence())
                .setParameters(candidate.parameters())
                .setChosen(candidate.chosen())));
        return wire.build();
    }

    static List<SearchCandidate> candidates(SearchReport wire) {
        return wire.getCandidatesList().stream()
                .map(candidate -> new SearchCandidate(
                        candidate.getName(),
                        candidate.getPredicted(),
                        candidate.getDivergence(),
                        candidate.getParameters(),
                        candidate.getChosen()))
                .toList();
    }

    static FileRef toWire(StoredFile file) {
        return FileRef.newBuilder()
                .setPath(file.path())
                .setSha256(file.sha256())
                .build();
    }

    static StoredFile file(FileRef wire) {
        return new StoredFile(wire.getPath(), wire.getSha256());
    }
}
