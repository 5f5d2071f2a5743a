package io.espalier.deploy.images;

import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.DockerDaemonImage;
import com.google.cloud.tools.jib.api.ImageReference;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.RegistryImage;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.frontend.CredentialRetrieverFactory;
import java.nio.file.Path;

/** One image of one service; `deploy/images/build` calls it for each. */
public final class BuildImage {
    private BuildImage() {}

    /**
     * @param arguments base image ({@code docker://}, {@code tar://} or of a registry), quarkus-app folder, engine folder,
     *     {@code docker}, {@code tar} or {@code push}, name of the image
     */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 5) {
            throw new IllegalArgumentException(
                    "five arguments: base image, quarkus-app, engine, docker|tar|push, name");
        }
        ImageReference name = ImageReference.parse(arguments[4]);
        ServiceImage image = new ServiceImage(Path.of(arguments[1]), Path.of(arguments[2]));
        image.on(Jib.from(arguments[0])).containerize(destination(arguments[3], name));
        System.out.println("built " + name);
    }

    private static Containerizer destination(String kind, ImageReference name) throws Exception {
        if (kind.equals("docker")) {
            return Containerizer.to(DockerDaemonImage.named(name));
        }
        if (kind.equals("tar")) {
            String file = Path.of(name.getRepository()).getFileName() + ".tar";
            return Containerizer.to(TarImage.at(Path.of("deploy/target", file)).named(name));
        }
        if (kind.equals("push")) {
            var credentials =
                    CredentialRetrieverFactory.forImage(name, event -> {}).dockerConfig();
            return Containerizer.to(RegistryImage.named(name).addCredentialRetriever(credentials));
        }
        throw new IllegalArgumentException("docker, tar or push, not " + kind);
    }
}
