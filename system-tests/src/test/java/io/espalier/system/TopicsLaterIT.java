package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.system.Stack.Health;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every stack of these tests starts its services first and makes their topics then. */
class TopicsLaterIT extends SoundStack {
    @ParameterizedTest
    @MethodSource("io.espalier.system.Services#stages")
    void aServiceThatStartsBeforeItsTopicsLivesAndIsReadyOnceTheyAreThere(String stage) throws Exception {
        // Given
        Health before = stack.healthBeforeTopics(stage);

        // When
        Health now = stack.health(stage);

        // Then
        assertThat(before).isEqualTo(new Health(200, 503));
        assertThat(now).isEqualTo(new Health(200, 200));
    }
}
