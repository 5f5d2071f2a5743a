package io.espalier.model;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final String ROOT = "io.espalier.model";

    private static JavaClasses model;

    @BeforeAll
    static void importClasses() {
        model = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages(ROOT);
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

    /** In the order the data flows: each package knows only those before it. */
    private static final List<String> PACKAGES = List.of(
            "file",
            "checkpoint",
            "artifact",
            "parquet",
            "chat",
            "text",
            "tensor",
            "transformer",
            "export",
            "importance",
            "pruning",
            "search",
            "sparsity",
            "recovery",
            "evaluation",
            "zeroshot");

    @Test
    void everyPackageStandsInTheOrderTheDataFlows() {
        Set<String> found = model.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> !name.equals(ROOT))
                .map(name -> name.substring(ROOT.length() + 1))
                .collect(Collectors.toSet());

        assertThat(PACKAGES).containsExactlyInAnyOrderElementsOf(found);
    }

    @Test
    void noPackageKnowsALaterOne() {
        for (int i = 0; i < PACKAGES.size() - 1; i++) {
            noClasses()
                    .that()
                    .resideInAPackage(ROOT + "." + PACKAGES.get(i))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(PACKAGES.subList(i + 1, PACKAGES.size()).stream()
                            .map(later -> ROOT + "." + later)
                            .toArray(String[]::new))
                    .check(model);
        }
    }
}
