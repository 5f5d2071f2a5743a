package io.espalier.model;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static JavaClasses model;

    @BeforeAll
    static void importClasses() {
        model = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.espalier.model");
        assertThat(model).hasSizeGreaterThan(20);
    }

    @Test
    void knowsNoFramework() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache.kafka..",
                        "io.quarkus..",
                        "io.smallrye..",
                        "io.grpc..",
                        "jakarta..",
                        "com.google.protobuf..",
                        "io.espalier.v1..")
                .check(model);
    }

    @Test
    void onlyTensorsAndTextsTouchTheNativeEngine() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.espalier.model.tensor..", "io.espalier.model.text..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("ai.djl..")
                .check(model);
    }

    @Test
    void filesKnowNothingOfTheMathematics() {
        noClasses()
                .that()
                .resideInAPackage("io.espalier.model.checkpoint..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.espalier.model.tensor..",
                        "io.espalier.model.transformer..",
                        "io.espalier.model.importance..",
                        "io.espalier.model.pruning..",
                        "io.espalier.model.evaluation..",
                        "io.espalier.model.text..")
                .check(model);
    }
}
