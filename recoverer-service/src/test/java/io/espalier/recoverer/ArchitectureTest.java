package io.espalier.recoverer;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.Target;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final DescribedPredicate<JavaClass> WIRE = resideInAnyPackage("io.espalier.v1..");

    private final JavaClasses classes = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.espalier.recoverer");

    @Test
    void theDomainKnowsNoFrameworkAndNoWireFormat() {
        noClasses()
                .that()
                .resideInAPackage("..domain..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.quarkus..",
                        "jakarta..",
                        "io.smallrye..",
                        "org.apache.kafka..",
                        "io.grpc..",
                        "com.google.protobuf..",
                        "io.espalier.v1..",
                        "io.espalier.pipeline..",
                        "..kafka..")
                .check(classes);
    }

    @Test
    void onlyMappersSeeBothTheWireAndTheDomain() {
        DescribedPredicate<JavaClass> domain = resideInAnyPackage("..recoverer.domain..")
                .or(DescribedPredicate.describe(
                        "say what a job is", type -> Set.of(JobSpec.class, Target.class, Inspection.class).stream()
                                .anyMatch(type::isEquivalentTo)));
        noClasses()
                .that()
                .haveSimpleNameNotEndingWith("Mapper")
                .and(DescribedPredicate.describe("know the wire", type -> type.getDirectDependenciesFromSelf().stream()
                        .anyMatch(dependency -> WIRE.test(dependency.getTargetClass()))))
                .should()
                .dependOnClassesThat(domain)
                .check(classes);
    }
}
