package io.espalier.pipeline;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private final JavaClasses classes = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.espalier.pipeline");

    @Test
    void onlyTheServiceShellKnowsQuarkus() {
        noClasses()
                .that()
                .resideOutsideOfPackage("..pipeline.service..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.quarkus..", "jakarta..", "io.smallrye..", "org.eclipse.microprofile..")
                .check(classes);
    }

    @Test
    void theMechanismKnowsNothingOfWhatItsStagesDo() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.espalier.model..", "io.espalier.job..", "ai.djl..")
                .check(classes);
    }

    @Test
    void metricsAndTracesStayBehindTheirPorts() {
        noClasses()
                .that()
                .resideOutsideOfPackage("..pipeline.service..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.micrometer..", "io.opentelemetry..")
                .check(classes);
    }

    @Test
    void theFoldTouchesNoKafka() {
        noClasses()
                .that()
                .haveSimpleNameStartingWith("JobFold")
                .or()
                .haveSimpleName("JobView")
                .or()
                .haveSimpleName("WorkerRoll")
                .or()
                .haveSimpleName("FoldObserver")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.kafka..", "io.grpc..")
                .check(classes);
    }
}
