package io.espalier.model.artifact;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.Profile;
import io.espalier.model.file.Digests;
import io.espalier.model.file.DurableFile;
import io.espalier.model.file.Quoted;
import io.espalier.model.file.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What an artifact folder is and what made it: {@code manifest.json}, written last. It holds no clock times, so the same
 * job gives the same bytes.
 *
 * @param request as it was asked for, without its identity
 * @param inputs digest of what was read, by role: {@code model}, {@code calibration}
 * @param files digest of every other file of the folder, by name
 * @param profile {@link Profile#wireName()}
 * @param profileReason why the profile is what it is
 * @param repairs what the compensation of each layer did
 * @param masks digest of the mask of every weight that was pruned in place, by its name
 * @param keptLayers index each layer had in the dense model; empty unless whole layers went
 * @param numericProfile engine, device, instruction set and threads
 */
public record Manifest(
        String jobId,
        JsonNode request,
        SortedMap<String, String> inputs,
        SortedMap<String, String> files,
        long seed,
        List<LayerShape> layers,
        String profile,
        String profileReason,
        JsonNode repairs,
        SortedMap<String, String> masks,
        List<Integer> keptLayers,
        String codeVersion,
        SortedMap<String, String> numericProfile) {
    public static final String FILE = "manifest.json";
    private static final long MAX_BYTES = 50_000_000;
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    public Manifest {
        request = request.deepCopy();
        inputs = sorted(inputs);
        files = sorted(files);
        layers = List.copyOf(layers);
        repairs = repairs.deepCopy();
        masks = sorted(masks);
        // Manifests of earlier versions have none.
        keptLayers = keptLayers == null ? List.of() : List.copyOf(keptLayers);
        numericProfile = sorted(numericProfile);
    }

    private static SortedMap<String, String> sorted(@Nullable Map<String, String> map) {
        return Collections.unmodifiableSortedMap(new TreeMap<>(map == null ? Map.of() : map));
    }

    @Override
    public JsonNode request() {
        return request.deepCopy();
    }

    @Override
    public JsonNode repairs() {
        return repairs.deepCopy();
    }

    /** The bytes of {@code manifest.json}. */
    public byte[] toJson() {
        try {
            return (MAPPER.writeValueAsString(this) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a manifest is always expressible", e);
        }
    }

    /**
     * Writes {@code manifest.json} into a folder and makes it durable.
     *
     * @return its SHA-256
     */
    public String write(Path folder) {
        byte[] json = toJson();
        DurableFile.write(folder.resolve(FILE), json);
        return Digests.sha256(json);
    }

    /** @throws EspalierException {@code MODEL_NOT_FOUND} or {@code MODEL_CORRUPT} */
    public static Manifest read(Path folder) {
        JsonNode json = StrictJson.readObject(folder.resolve(FILE), MAX_BYTES);
        try {
            return MAPPER.treeToValue(json, Manifest.class);
        } catch (IOException | RuntimeException e) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT, FILE + ": is no manifest: " + Quoted.of(String.valueOf(e.getMessage())));
        }
    }

    /** Digests of every file of a folder but the manifest, by path relative to it. */
    public static SortedMap<String, String> filesOf(Path folder) {
        return filesOf(folder, Map.of());
    }

    /**
     * The same without reading again what was digested before.
     *
     * @param known digests of some of the files, such as those {@link CheckpointWriter#finish()} gives
     */
    public static SortedMap<String, String> filesOf(Path folder, Map<String, String> known) {
        SortedMap<String, String> digests = new TreeMap<>();
        try (var paths = Files.walk(folder)) {
            for (Path path : paths.filter(Files::isRegularFile).toList()) {
                String name = folder.relativize(path).toString().replace('\\', '/');
                if (!name.equals(FILE)) {
                    String digest = known.get(name);
                    digests.put(name, digest == null ? Digests.sha256(path) : digest);
                }
            }
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, folder.getFileName() + ": cannot be listed", e);
        }
        return digests;
    }
}
