package io.espalier.model.search;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.DurableFile;
import io.espalier.model.transformer.LayerScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The prices of each layer in a file of its own, so that a successor knows those of the layers that are done. */
record PriceFiles(Path folder) {
    void write(int layer, List<ComponentPrices> components) {
        DurableFile.write(file(layer), PriceFile.write(components));
    }

    /** @throws EspalierException {@code INTERNAL} when a file is missing */
    List<ComponentPrices> read(LayerScope scope) {
        List<ComponentPrices> components = new ArrayList<>();
        scope.layers().forEach(layer -> components.addAll(PriceFile.read(bytes(file(layer)))));
        return components;
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new EspalierException(
                    ErrorCode.INTERNAL, "work file " + file.getFileName() + ": cannot be read; run the job again", e);
        }
    }

    private Path file(int layer) {
        return folder.resolve("prices-%d.json".formatted(layer));
    }
}
