package io.espalier.model.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.IOException;
import java.util.List;

/** Prices as a file: a JSON list of components. */
public final class PriceFile {
    private static final ObjectMapper JSON = new ObjectMapper();

    private PriceFile() {}

    public static byte[] write(List<ComponentPrices> prices) {
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
    public static List<ComponentPrices> read(byte[] bytes) {
        try {
            return List.of(JSON.readValue(bytes, ComponentPrices[].class));
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, "prices: cannot be read", e);
        }
    }
}
