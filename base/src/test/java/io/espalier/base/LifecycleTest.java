package io.espalier.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LifecycleTest {
    private final List<String> stopped = new ArrayList<>();
    private final Lifecycle parts = new Lifecycle("the whole");

    @Test
    void partsStopInReverseOrderAndOnce() throws Exception {
        // Given
        parts.start(() -> part("first"));
        parts.start(() -> part("second"));
        parts.start(() -> part("third"));

        // When
        parts.close();
        parts.close();

        // Then
        assertThat(stopped).containsExactly("third", "second", "first");
    }

    @Test
    void partsThatFailToStopKeepNoOtherRunningAndAreAllTold() throws Exception {
        // Given
        parts.start(() -> part("first"));
        parts.start(() -> broken("second"));
        parts.start(() -> broken("third"));

        // When
        Throwable failure = catchThrowable(parts::close);

        // Then
        assertThat(stopped).containsExactly("first");
        assertThat(failure.getSuppressed())
                .extracting(Throwable::getMessage)
                .containsExactly("third cannot stop", "second cannot stop");
    }

    @Test
    void whatFailsWhileAFailedStartIsUndoneIsAddedToItsFailure() throws Exception {
        // Given
        IOException failure = new IOException("no start");
        parts.start(() -> part("first"));
        parts.start(() -> broken("second"));

        // When
        parts.undo(failure);

        // Then
        assertThat(stopped).containsExactly("first");
        assertThat(failure.getSuppressed()).singleElement().satisfies(undo -> assertThat(undo.getSuppressed())
                .extracting(Throwable::getMessage)
                .containsExactly("second cannot stop"));
    }

    @Test
    void nothingStartsAfterTheStop() {
        // Given
        parts.close();

        // When / Then
        assertThatThrownBy(() -> parts.start(() -> part("late"))).isInstanceOf(IllegalStateException.class);
    }

    private AutoCloseable part(String name) {
        return () -> stopped.add(name);
    }

    private static AutoCloseable broken(String name) {
        return () -> {
            throw new IOException(name + " cannot stop");
        };
    }
}
