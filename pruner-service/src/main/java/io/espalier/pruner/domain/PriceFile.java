package io.espalier.pruner.domain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.search.ComponentPrices;
import java.io.IOException;
import java.util.List;

/** The file through which the workers of a search pass prices to each other: a JSON list of components. */
final class PriceFile {
    private static final ObjectMapper JSON = new ObjectMapper();

    private PriceFile() {}

    static byte[] write(List<ComponentPrices> prices) {
        try {
            return JSON.writeValueAsBytes(prices);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("prices are always printable", e);
        }
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws EspalierException {@code INTERNAL} when the bytes are no prices
     */
    static List<ComponentPrices> read(byte[] bytes) {
        try {
            return List.of(JSON.readValue(bytes, ComponentPrices[].class));
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, "prices: cannot be read", e);
        }
    }
}
