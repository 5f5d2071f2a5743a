package io.espalier.job;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private final JavaClasses classes = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.espalier.job");

    @Test
    void onlyTheBeansKnowAFramework() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.espalier.job.service..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.quarkus..",
                        "jakarta..",
                        "io.smallrye..",
                        "io.micrometer..",
                        "org.apache.kafka..",
                        "io.grpc..")
                .check(classes);
    }

    @Test
    void onlyMappersKnowTheWire() {
        noClasses()
                .that()
                .haveSimpleNameNotEndingWith("Mapper")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("com.google.protobuf..", "io.espalier.v1..")
                .check(classes);
    }
}
