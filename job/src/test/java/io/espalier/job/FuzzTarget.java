package io.espalier.job;

import io.espalier.base.EspalierException;
import io.espalier.model.artifact.FolderArtifactStore;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.text.Tokenizer;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.pipeline.request.RequestJson;
import io.espalier.pipeline.request.RequestReader;
import io.espalier.v1.AcceptedRequest;
import io.espalier.v1.Calibration;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What comes from outside: good examples of it, and the code that reads it. */
enum FuzzTarget {
    SAFETENSORS {
        @Override
        List<byte[]> corpus() {
            return List.of(TinyWeights.of("F32", 4), TinyWeights.of("BF16", 2));
        }

        @Override
        Reader open(Path folder) throws IOException {
            Files.writeString(folder.resolve(Checkpoint.CONFIG), TinyWeights.CONFIG);
            return bytes -> layout(folder, "model.safetensors", bytes);
        }
    },
    SHARD_INDEX {
        @Override
        List<byte[]> corpus() {
            return List.of(TinyWeights.index("a.safetensors", "b.safetensors"));
        }

        @Override
        Reader open(Path folder) throws IOException {
            Files.writeString(folder.resolve(Checkpoint.CONFIG), TinyWeights.CONFIG);
            Files.write(folder.resolve("a.safetensors"), TinyWeights.of("F32", 4));
            Files.write(folder.resolve("b.safetensors"), TinyWeights.of("F32", 4));
            return bytes -> layout(folder, "model.safetensors.index.json", bytes);
        }
    },
    CONFIG {
        @Override
        List<byte[]> corpus() {
            List<byte[]> configs = contents(FAMILIES, Checkpoint.CONFIG);
            configs.add(TinyWeights.CONFIG.getBytes(StandardCharsets.UTF_8));
            return configs;
        }

        @Override
        Reader open(Path folder) throws IOException {
            Files.write(folder.resolve("model.safetensors"), TinyWeights.of("F32", 4));
            return bytes -> layout(folder, Checkpoint.CONFIG, bytes);
        }
    },
    PER_LAYER_CONFIG {
        @Override
        List<byte[]> corpus() {
            return Stream.of(
                            "{\"1\": {\"intermediate_size\": 4}}",
                            "{\"00\": {\"num_attention_heads\": 1, \"num_key_value_heads\": 1}, \"01\": {\"head_dim\": 4}}",
                            "[{\"num_attention_heads\": 2, \"num_key_value_heads\": 2, \"intermediate_size\": 8},"
                                    + " {\"intermediate_size\": 4}]")
                    .map(layers -> TinyWeights.CONFIG.replace("}", ", \"per_layer_config\": " + layers + "}"))
                    .map(config -> config.getBytes(StandardCharsets.UTF_8))
                    .toList();
        }

        @Override
        Reader open(Path folder) throws IOException {
            return CONFIG.open(folder);
        }
    },
    TOKENIZER {
        @Override
        List<byte[]> corpus() {
            return files("tokenizer");
        }

        @Override
        Reader open(Path folder) throws IOException {
            return openTokenizer(folder, Tokenizer.FILE);
        }
    },
    TOKENIZER_CONFIG {
        @Override
        List<byte[]> corpus() {
            return files("tokenizer-config");
        }

        @Override
        Reader open(Path folder) throws IOException {
            Files.copy(CORPUS.resolve("tokenizer/byte-fallback-bpe.json"), folder.resolve(Tokenizer.FILE));
            return openTokenizer(folder, Tokenizer.CONFIG);
        }
    },
    TEXT {
        @Override
        List<byte[]> corpus() {
            return files("rows");
        }

        @Override
        Reader open(Path folder) throws IOException {
            return inspecting(folder, Path.of("texts", "text"));
        }
    },
    CHAT_TEMPLATE {
        @Override
        List<byte[]> corpus() {
            return files("chat-template");
        }

        @Override
        Reader open(Path folder) throws IOException {
            Reader reader = inspecting(folder, Path.of("models", "tiny", "chat_template.jinja"));
            Files.copy(
                    CORPUS.resolve("conversations.jsonl"),
                    folder.resolve("texts").resolve("text"));
            return reader;
        }
    },
    PARQUET {
        @Override
        List<byte[]> corpus() {
            return files("parquet");
        }

        @Override
        Reader open(Path folder) throws IOException {
            return TEXT.open(folder);
        }
    },
    REQUEST_JSON {
        @Override
        List<byte[]> corpus() {
            return files("request");
        }

        @Override
        Reader open(Path folder) {
            return bytes -> spec(RequestReader.read("key", bytes, true, "topic-0-1"));
        }
    },
    REQUEST_PROTOBUF {
        @Override
        List<byte[]> corpus() {
            return files("request").stream()
                    .map(json -> RequestJson.fromJson(new String(json, StandardCharsets.UTF_8))
                            .toByteArray())
                    .toList();
        }

        @Override
        Reader open(Path folder) {
            return bytes -> spec(RequestReader.read("key", bytes, false, "topic-0-1"));
        }
    };

    /** Reads the calibration text of a small model, of which, or of whose text, one file changes. */
    private static Reader inspecting(Path folder, Path changed) throws IOException {
        Path texts = Files.createDirectory(folder.resolve("texts"));
        Path model = Files.createDirectories(folder.resolve("models/tiny"));
        writeModel(model);
        Files.copy(CORPUS.resolve("tokenizer/word-level.json"), model.resolve(Tokenizer.FILE));
        Workspace workspace =
                new Workspace(folder.resolve("models"), texts, new FolderArtifactStore(folder.resolve("artifacts")));
        JobSpec spec = RequestMapper.toSpec(
                "job",
                PruneRequest.newBuilder()
                        .setModel("tiny")
                        .setCalibration(Calibration.newBuilder().setText("text").setSequenceLength(4))
                        .setPruning(Pruning.newBuilder().setUnitRatio(0.25))
                        .build());
        return bytes -> {
            Files.write(folder.resolve(changed), bytes);
            workspace.inspect(spec, Inputs::calibrationRead);
        };
    }

    private static final Path CORPUS = Path.of("src", "test", "resources", "fuzz");
    private static final Path FAMILIES = Path.of("..", "model", "src", "test", "resources", "golden");

    /** Reads one mutant. */
    interface Reader extends AutoCloseable {
        /** @throws EspalierException that refuses it */
        void read(byte[] mutant) throws IOException;

        @Override
        default void close() {}
    }

    abstract List<byte[]> corpus();

    /** @param folder where the reader may write */
    abstract Reader open(Path folder) throws IOException;

    private static void layout(Path folder, String file, byte[] mutant) throws IOException {
        Files.write(folder.resolve(file), mutant);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            ModelLayout.of(checkpoint);
        }
    }

    private static void writeModel(Path folder) throws IOException {
        Files.writeString(folder.resolve(Checkpoint.CONFIG), TinyWeights.CONFIG);
        Files.write(folder.resolve("model.safetensors"), TinyWeights.of("F32", 4));
    }

    private static Reader openTokenizer(Path folder, String file) throws IOException {
        writeModel(folder);
        return bytes -> {
            Files.write(folder.resolve(file), bytes);
            try (Checkpoint checkpoint = Checkpoint.open(folder);
                    Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
                tokenizer.beginning();
                tokenizer.bosToken();
                tokenizer.decode(
                        tokenizer.encode("The end of some\n\u00e9 \ud83d\ude00 text: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"));
            }
        };
    }

    private static void spec(AcceptedRequest accepted) {
        RequestMapper.toSpec(accepted.getJobId(), accepted.getRequest());
    }

    private static List<byte[]> files(String folder) {
        return contents(CORPUS.resolve(folder), "");
    }

    /** All files below a folder whose names end so, in the order of their paths. */
    private static List<byte[]> contents(Path folder, String suffix) {
        try (Stream<Path> all = Files.walk(folder)) {
            List<byte[]> contents = new ArrayList<>();
            for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
                if (file.toString().endsWith(suffix)) {
                    contents.add(Files.readAllBytes(file));
                }
            }
            return contents;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
