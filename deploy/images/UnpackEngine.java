import ai.djl.engine.Engine;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.nio.file.Path;

/** Loads every native library once, so that DJL leaves them unpacked in the folder DJL_CACHE_DIR. */
public final class UnpackEngine {
    private UnpackEngine() {}

    public static void main(String[] arguments) throws Exception {
        HuggingFaceTokenizer.newInstance(Path.of(arguments[0])).close();
        System.out.println("unpacked " + Engine.getEngine("PyTorch"));
    }
}
