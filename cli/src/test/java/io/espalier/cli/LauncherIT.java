package io.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that people start, in a folder whose Maven and Java only say what they were asked for. */
class LauncherIT {
    private static final String JAVA = """
            #!/bin/sh
            [ "$1" != -version ] || { echo 'openjdk version "17.0.1"' >&2; exit; }
            echo "java $*"
            """;
    private static final String BUILD = """
            #!/bin/sh
            echo "[INFO] asked for $*"
            echo '[INFO] ------------------------< io.espalier:model >-------------------------'
            echo '[INFO] Building Espalier :: model 0.1.0-SNAPSHOT                          [2/3]'
            echo '[INFO] Downloaded from central: https://repo/x/1/engine-1.jar (152 MB at 9.3 MB/s)'
            echo '[INFO] Downloaded from central: https://repo/x/1/small-1.jar (1.2 MB at 9.3 MB/s)'
            echo '[WARNING] as usual' >&2
            echo '[INFO] Building Espalier :: cli 0.1.0-SNAPSHOT                            [3/3]'
            """;
    private static final String SUCCEEDS = """
            mkdir -p cli/target mender-service/target/quarkus-app
            echo made | tee cli/target/espalier.jar > mender-service/target/quarkus-app/quarkus-run.jar
            """;
    private static final String FAILS = """
            echo '[ERROR] Some.java:[1,1] cannot find symbol'
            exit 1
            """;

    @TempDir
    Path home;

    @BeforeEach
    void copyTheScript() throws Exception {
        Files.copy(Path.of("..", "espalier"), home.resolve("espalier"));
        Files.createFile(home.resolve("pom.xml"));
        for (String module : new String[] {"cli", "mender-service"}) {
            Files.createDirectories(home.resolve(module).resolve("src/main"));
            Files.createFile(home.resolve(module).resolve("pom.xml"));
        }
        Files.createDirectories(home.resolve("jdk/bin"));
        script("jdk/bin/java", JAVA);
        script("jdk/bin/javac", "");
    }

    @Test
    void aBuildShowsItsStepsAndKeepsAllElseInAFile() throws Exception {
        // Given
        script("mvnw", BUILD + SUCCEEDS);

        // When
        Process launcher = launch("jobs", "--json");

        // Then
        assertThat(launcher.errorReader().lines())
                .startsWith("espalier: building; the first time this downloads libraries from Maven Central"
                        + " and takes some minutes")
                .endsWith(
                        "espalier: building model (2 of 3)",
                        "espalier: downloaded engine-1.jar (152 MB)",
                        "espalier: building cli (3 of 3)")
                .hasSize(4);
        assertThat(launcher.inputReader().readLine()).endsWith("-jar " + home + "/cli/target/espalier.jar jobs --json");
        assertThat(launcher.waitFor()).isZero();
        assertThat(home.resolve("target/build.log")).content().contains("-pl cli,mender-service -am", "as usual");
    }

    @Test
    void aFailedBuildEndsWithWhatIsWrongAndWhereAllOfItIs() throws Exception {
        // Given
        script("mvnw", BUILD + FAILS);

        // When
        Process launcher = launch("jobs");

        // Then
        assertThat(launcher.errorReader().lines())
                .endsWith(
                        "[ERROR] Some.java:[1,1] cannot find symbol",
                        "espalier: the build failed; all of its output is in " + home + "/target/build.log");
        assertThat(launcher.waitFor()).isEqualTo(ExitCode.UNREACHABLE);
    }

    @Test
    void whatIsBuiltIsNotBuiltAgain() throws Exception {
        // Given
        script("mvnw", BUILD + SUCCEEDS);
        launch("jobs").waitFor();

        // When
        Process launcher = launch("jobs");

        // Then
        assertThat(launcher.errorReader().lines()).isEmpty();
        assertThat(launcher.inputReader().readLine()).endsWith("espalier.jar jobs");
    }

    private Process launch(String... arguments) throws Exception {
        String[] command = new String[arguments.length + 1];
        command[0] = home.resolve("espalier").toString();
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("JAVA_HOME", home.resolve("jdk").toString());
        return builder.start();
    }

    private void script(String path, String text) throws Exception {
        Path file = Files.writeString(home.resolve(path), text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }
}
