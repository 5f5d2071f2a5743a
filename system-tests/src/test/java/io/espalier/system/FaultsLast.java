package io.espalier.system;

import java.util.Comparator;
import org.junit.jupiter.api.ClassDescriptor;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.ClassOrdererContext;

/** Classes that share a stack run one after the other: first those of {@link SoundStack}, then those of {@link FaultStack}. */
final class FaultsLast implements ClassOrderer {
    @Override
    public void orderClasses(ClassOrdererContext context) {
        context.getClassDescriptors().sort(Comparator.comparing(FaultsLast::breaksThings));
    }

    private static boolean breaksThings(ClassDescriptor test) {
        return FaultStack.class.isAssignableFrom(test.getTestClass());
    }
}
