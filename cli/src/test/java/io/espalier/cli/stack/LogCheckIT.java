package io.espalier.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each test damages a copy of a log that a real broker has written and closed. */
class LogCheckIT {
    private static final String SEGMENT = "00000000000000000000.log";
    private static final int RECORDS = 40;

    @TempDir
    static Path written;

    @TempDir
    Path copy;

    private Path log;

    @BeforeAll
    static void writeALog() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(written)) {
            Map<String, Object> client = Map.of("bootstrap.servers", broker.bootstrap());
            try (Admin admin = Admin.create(client)) {
                admin.createTopics(List.of(new NewTopic("facts", 2, (short) 1)))
                        .all()
                        .get();
            }
            try (KafkaProducer<String, String> producer =
                    new KafkaProducer<>(client, new StringSerializer(), new StringSerializer())) {
                for (int i = 0; i < RECORDS; i++) {
                    producer.send(new ProducerRecord<>("facts", 0, "job", "what happened to it " + i))
                            .get();
                }
            }
        }
    }

    @BeforeEach
    void copyTheLog() throws IOException {
        Path from = BrokerFolder.log(written);
        log = copy.resolve("log");
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(log.resolve(from.relativize(folder)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.copy(file, log.resolve(from.relativize(file)));
                return FileVisitResult.CONTINUE;
            }
        });
    }

    @Test
    void aLogThatWasClosedIsIntact() throws Exception {
        assertThat(LogCheck.damages(log)).isEmpty();
    }

    @Test
    void aFolderWithoutALogIsIntact() throws Exception {
        assertThat(LogCheck.damages(copy.resolve("absent"))).isEmpty();
    }

    @Test
    void whereverBytesAreGarbledThePartitionIsNamed() throws Exception {
        Random random = new Random(7);
        Path segment = log.resolve("facts-0").resolve(SEGMENT);
        byte[] intact = Files.readAllBytes(segment);
        for (int i = 0; i < 150; i++) {
            // Given
            byte[] garbled = intact.clone();
            int at = random.nextInt(intact.length - 8);
            for (int b = at; b < at + 8; b++) {
                garbled[b] ^= (byte) (1 + random.nextInt(255));
            }
            Files.write(segment, garbled);

            // When
            List<LogCheck.Damage> damages = LogCheck.damages(log);

            // Then
            assertThat(damages)
                    .as("bytes from %d on", at)
                    .extracting(LogCheck.Damage::partition)
                    .containsExactly("facts-0");
        }
    }

    @Test
    void whereverAPartitionIsCutOffItIsNamed() throws Exception {
        Path segment = log.resolve("facts-0").resolve(SEGMENT);
        for (long length = Files.size(segment) - 1; length >= 0; length -= 31) {
            // Given
            cut(segment, length);

            // When
            List<LogCheck.Damage> damages = LogCheck.damages(log);

            // Then
            assertThat(damages).extracting(LogCheck.Damage::partition).containsExactly("facts-0");
        }
    }

    @Test
    void anEmptiedPartitionIsNamedWithWhatIsLost() throws Exception {
        // Given
        Path segment = log.resolve("facts-0").resolve(SEGMENT);
        cut(segment, 0);

        // When
        List<LogCheck.Damage> damages = LogCheck.damages(log);

        // Then
        assertThat(damages)
                .singleElement()
                .hasToString("facts-0: ends at offset 0 instead of 40; the records between are lost");
    }

    @Test
    void aWrongOffsetOfTheLastBatchIsSeen() throws Exception {
        // Given
        Path segment = log.resolve("facts-0").resolve(SEGMENT);
        byte[] bytes = Files.readAllBytes(segment);
        int lastBatch = bytes.length - bytes.length / RECORDS - 1;
        while (ByteBuffer.wrap(bytes, lastBatch, Long.BYTES).getLong() != RECORDS - 1) {
            lastBatch++;
        }
        bytes[lastBatch] = 1;
        Files.write(segment, bytes);

        // When
        List<LogCheck.Damage> damages = LogCheck.damages(log);

        // Then
        assertThat(damages).extracting(LogCheck.Damage::partition).containsExactly("facts-0");
    }

    @Test
    void anUnfinishedBatchOfAKilledBrokerIsNoDamage() throws Exception {
        // Given
        Files.delete(log.resolve(".kafka_cleanshutdown"));
        Path segment = log.resolve("facts-0").resolve(SEGMENT);
        byte[] batches = Files.readAllBytes(segment);
        byte[] unfinished = new byte[batches.length + 30];
        System.arraycopy(batches, 0, unfinished, 0, batches.length);
        System.arraycopy(batches, 0, unfinished, batches.length, 30);
        Files.write(segment, unfinished);

        // When
        List<LogCheck.Damage> damages = LogCheck.damages(log);

        // Then
        assertThat(damages).isEmpty();
    }

    @Test
    void aMissingPartitionIsNamed() throws Exception {
        // Given
        delete(log.resolve("facts-0"));

        // When
        List<LogCheck.Damage> damages = LogCheck.damages(log);

        // Then
        assertThat(damages).singleElement().hasToString("facts-0: its folder is missing; all its records are lost");
    }

    @Test
    void theListOfTopicsIsCheckedToo() throws Exception {
        Path segment = log.resolve("__cluster_metadata-0").resolve(SEGMENT);
        for (long length : new long[] {Files.size(segment) - 40, 0}) {
            // Given
            cut(segment, length);

            // When
            List<LogCheck.Damage> damages = LogCheck.damages(log);

            // Then
            assertThat(damages).extracting(LogCheck.Damage::partition).containsExactly("__cluster_metadata-0");
        }
    }

    @Test
    void storedEndsThatCannotBeReadAreNamed() throws Exception {
        // Given
        Files.write(log.resolve("recovery-point-offset-checkpoint"), new byte[] {7, (byte) 200, 1});

        // When
        List<LogCheck.Damage> damages = LogCheck.damages(log);

        // Then
        assertThat(damages).extracting(LogCheck.Damage::partition).containsExactly("recovery-point-offset-checkpoint");
    }

    private static void cut(Path file, long length) throws IOException {
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.setLength(length);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
