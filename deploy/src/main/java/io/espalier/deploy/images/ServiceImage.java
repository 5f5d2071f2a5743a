package io.espalier.deploy.images;

import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import com.google.cloud.tools.jib.api.buildplan.Port;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The image of a service: layers from what changes least to what changes most, so that a new version moves kilobytes.
 *
 * @param quarkusApp the service as built, {@code target/quarkus-app}; beside it lies the list of what is in it, sbom.json
 * @param engine the native libraries as DJL unpacked them
 */
public record ServiceImage(Path quarkusApp, Path engine) {
    /** Of gRPC, health and metrics. */
    public static final int HTTP_PORT = 8080;
    /** Where an installation mounts the folder that artifacts go to. */
    public static final String ARTIFACTS = "/data/artifacts";
    /** Numeric, because Kubernetes cannot see that a name is not root. */
    static final String USER = "65532:65532";

    private static final AbsoluteUnixPath APP = AbsoluteUnixPath.get("/app");
    private static final AbsoluteUnixPath ENGINE = AbsoluteUnixPath.get("/engine");

    /** The options `espalier up` gives its JVMs. */
    private static final List<String> ENTRYPOINT = List.of(
            "java",
            "-XX:+UseSerialGC",
            "-Dai.djl.offline=true",
            "-Dai.djl.pytorch.num_interop_threads=1",
            // The base image decides which JDK it is; only later ones know the two that follow.
            "-XX:+IgnoreUnrecognizedVMOptions",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-jar",
            "/app/quarkus-run.jar");

    /** With what {@code EngineEnvironment} says of Linux, which a test holds it to. */
    private static final Map<String, String> ENVIRONMENT = Map.of(
            "OMP_WAIT_POLICY", "ACTIVE",
            "GOMP_SPINCOUNT", "1000",
            "MALLOC_MMAP_THRESHOLD_", "6291456",
            "MALLOC_TRIM_THRESHOLD_", "67108864",
            "DJL_CACHE_DIR", ENGINE.toString(),
            "QUARKUS_HTTP_HOST", "0.0.0.0",
            "QUARKUS_HTTP_PORT", Integer.toString(HTTP_PORT));

    /** Puts the service on a base image. */
    public JibContainerBuilder on(JibContainerBuilder base) throws IOException {
        return base.addFileEntriesLayer(layer("engine", engine, ENGINE))
                .addFileEntriesLayer(layer("libraries", quarkusApp.resolve("lib"), APP.resolve("lib")))
                .addFileEntriesLayer(FileEntriesLayer.builder()
                        .setName("service")
                        .addEntryRecursive(quarkusApp.resolve("quarkus"), APP.resolve("quarkus"))
                        .addEntryRecursive(quarkusApp.resolve("app"), APP.resolve("app"))
                        .addEntry(quarkusApp.resolve("quarkus-run.jar"), APP.resolve("quarkus-run.jar"))
                        .addEntry(quarkusApp.resolveSibling("sbom.json"), APP.resolve("sbom.json"))
                        .build())
                .addFileEntriesLayer(artifactsFolder())
                .setWorkingDirectory(APP)
                .setUser(USER)
                .setEnvironment(ENVIRONMENT)
                .setEntrypoint(ENTRYPOINT)
                .setProgramArguments(List.of())
                .setExposedPorts(Port.tcp(HTTP_PORT))
                // The same input gives the same image.
                .setCreationTime(Instant.EPOCH);
    }

    /** An empty folder of this user's: a Docker volume that is mounted there for the first time becomes his too. */
    private FileEntriesLayer artifactsFolder() {
        return FileEntriesLayer.builder()
                .setName("artifacts")
                .addEntry(
                        engine,
                        AbsoluteUnixPath.get(ARTIFACTS),
                        FilePermissions.DEFAULT_FOLDER_PERMISSIONS,
                        FileEntriesLayer.DEFAULT_MODIFICATION_TIME,
                        USER)
                .build();
    }

    private static FileEntriesLayer layer(String name, Path from, AbsoluteUnixPath to) throws IOException {
        return FileEntriesLayer.builder()
                .setName(name)
                .addEntryRecursive(from, to)
                .build();
    }
}
