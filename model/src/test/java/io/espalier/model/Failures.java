package io.espalier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Assertions on typed failures. */
public final class Failures {
    private Failures() {}

    /** The action fails with a code; what comes back is its message. */
    public static AbstractStringAssert<?> assertFails(ErrorCode code, ThrowingCallable action) {
        EspalierException failure = catchThrowableOfType(EspalierException.class, action);
        assertThat(failure).as("failure").isNotNull();
        assertThat(failure.code()).as(failure.getMessage()).isEqualTo(code);
        return assertThat(failure.getMessage());
    }
}
