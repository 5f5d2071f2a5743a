package io.espalier.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import java.io.File;
import org.junit.jupiter.api.Test;

class LayeringTest {
    private static final JavaClasses CLI =
            new ClassFileImporter().withImportOption(new DoNotIncludeTests()).importPackages("io.espalier.cli");

    @Test
    void onlyTheEmbeddedBrokerTouchesTheInternalsOfKafka() {
        noClasses()
                .that()
                .doNotHaveSimpleName("EmbeddedBroker")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("kafka..", "org.apache.kafka.server..", "org.apache.kafka.metadata..", "scala..")
                .check(CLI);
    }

    @Test
    void viewsKnowNeitherBrokersNorCommands() {
        noClasses()
                .that()
                .resideInAPackage("..view..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.kafka.clients..", "io.espalier.cli.stack..", "picocli..")
                .check(CLI);
    }

    @Test
    void nothingThatComputesIsOnTheClassPath() {
        assertThat(System.getProperty("java.class.path").split(File.pathSeparator))
                .noneMatch(entry -> entry.contains("djl") || entry.contains("pytorch") || entry.contains("/model/"));
    }
}
