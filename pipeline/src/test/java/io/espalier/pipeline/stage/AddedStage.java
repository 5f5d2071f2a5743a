package io.espalier.pipeline.stage;

import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/** A stage that the product does not have: all of it that the mechanism needs is its lines in a topic file. */
final class AddedStage {
    private AddedStage() {}

    static TopicFile topicFile() {
        try (InputStream yaml = AddedStage.class.getResourceAsStream("/added-stage.yaml")) {
            return TopicFile.read(Objects.requireNonNull(yaml));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static TwoWaveStage stage() {
        StageTopics topics = topicFile().stages().get(0);
        return new TwoWaveStage(topics, true, false);
    }
}
