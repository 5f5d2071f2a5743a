package io.espalier.model.search;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.ArrayFile;
import io.espalier.model.file.DurableFile;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The prices of each layer in a file of its own, so that a successor knows those of the layers that are done. */
record PriceFiles(Path folder) {
    private static final String KEPT = ".kept";
    private static final String PRICES = ".prices";

    void write(int layer, List<ComponentPrices> components) {
        Map<String, double[]> arrays = new LinkedHashMap<>();
        for (ComponentPrices component : components) {
            arrays.put(
                    component.half() + KEPT,
                    Arrays.stream(component.kept()).asDoubleStream().toArray());
            arrays.put(component.half() + PRICES, component.prices());
        }
        DurableFile.write(file(layer), new ArrayFile(arrays, Map.of()).toBytes());
    }

    /** @throws EspalierException {@code INTERNAL} when a file is missing */
    List<ComponentPrices> read(LayerScope scope) {
        List<ComponentPrices> components = new ArrayList<>();
        for (int layer : scope.layers()) {
            Map<String, double[]> arrays = ArrayFile.fromBytes(bytes(layer)).arrays();
            for (LayerHalf half : LayerHalf.values()) {
                double[] kept = arrays.get(half + KEPT);
                double[] prices = arrays.get(half + PRICES);
                if (kept != null && prices != null) {
                    int[] whole =
                            Arrays.stream(kept).mapToInt(units -> (int) units).toArray();
                    components.add(new ComponentPrices(layer, half, whole, prices));
                }
            }
        }
        return components;
    }

    private byte[] bytes(int layer) {
        try {
            return Files.readAllBytes(file(layer));
        } catch (IOException e) {
            throw new EspalierException(
                    ErrorCode.INTERNAL,
                    "work file " + file(layer).getFileName() + ": cannot be read; run the job again",
                    e);
        }
    }

    private Path file(int layer) {
        return folder.resolve("prices-%d.safetensors".formatted(layer));
    }
}
