package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The image builder on the libraries that `deploy/images/build` starts it with, not on those of the tests. */
class BuildImageIT {
    @Test
    void aRegistryCanBeSpokenTo() throws Exception {
        // Given
        List<URL> libraries = new ArrayList<>();
        try (var jars = Files.list(Path.of("target/lib"))) {
            for (Path jar : jars.toList()) {
                libraries.add(jar.toUri().toURL());
            }
        }

        try (var shipped = new URLClassLoader(libraries.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            // When
            Object client = shipped.loadClass("com.google.api.client.http.apache.v2.ApacheHttpTransport")
                    .getConstructor()
                    .newInstance();

            // Then
            assertThat(client).isNotNull();
        }
    }
}
