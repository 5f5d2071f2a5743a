package io.espalier.model.artifact;

import com.fasterxml.jackson.annotation.JsonInclude;
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
 * Describes an artifact and how it was made: {@code manifest.json}, the last file written. It holds no clock times, so
 * the same job gives the same bytes.
 *
 * @param request of the user, without its identity
 * @param inputs SHA-256 of what the job read, by role: {@code model}, {@code calibration}
 * @param files SHA-256 of every other file of the artifact, by name
 * @param profile {@link Profile#wireName()}
 * @param profileReason why the checkpoint has this profile
 * @param repairs what the compensation of each layer did
 * @param masks SHA-256 of the mask of every tensor that was pruned in place, by the tensor's name
 * @param keptLayers index each layer had in the dense model; empty unless whole layers went
 * @param numericProfile engine, device, instruction set and threads
 * @param recovery what a training behind the pruning did; null where there was none
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
        SortedMap<String, String> numericProfile,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable JsonNode recovery) {
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
        // Manifests of earlier versions lack the field.
        keptLayers = keptLayers == null ? List.of() : List.copyOf(keptLayers);
        numericProfile = sorted(numericProfile);
        recovery = recovery == null ? null : recovery.deepCopy();
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

    @Override
    public @Nullable JsonNode recovery() {
        return recovery == null ? null : recovery.deepCopy();
    }

    /**
     * The same artifact with other weights.
     *
     * @param newFiles SHA-256 of every file, by name
     * @param how what the training did
     * @param version of the code that did it
     */
    public Manifest recovered(SortedMap<String, String> newFiles, JsonNode how, String version) {
        return new Manifest(
                jobId,
                request,
                inputs,
                newFiles,
                seed,
                layers,
                profile,
                profileReason,
                repairs,
                masks,
                keptLayers,
                version,
                numericProfile,
                how);
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
    String write(Path folder) {
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

    /** SHA-256 of every file of a folder except the manifest, by path relative to the folder. */
    public static SortedMap<String, String> filesOf(Path folder) {
        return filesOf(folder, Map.of());
    }

    /**
     * The same, without digesting again the files whose digests are known.
     *
     * @param known SHA-256 of some of the files, such as those that {@link CheckpointWriter#finish()} returns
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
