package io.espalier.model.tensor;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Packs the kernels' source text as a TorchScript archive. Such an archive is a zip file with the source and a pickle of
 * the module's attributes, so the build needs no Python and the repository holds no binary.
 */
final class KernelArchive {
    /** The first file opens the class; the others continue it with more methods. */
    private static final List<String> SOURCES = List.of(
            "kernels.py",
            product(),
            "gram.py",
            "importance.py",
            "recovery.py",
            "repair.py",
            "search.py",
            "sparsity.py");

    /** The newest format that the engine reads. For an older format it would give operators their former meaning. */
    private static final String FORMAT_VERSION = "10\n";

    private KernelArchive() {}

    /** Engine builds for other processors may lack the oneDNN operators. */
    private static String product() {
        return "amd64".equals(System.getProperty("os.arch")) ? "product_onednn.py" : "product_blas.py";
    }

    static InputStream open() {
        try {
            var bytes = new ByteArrayOutputStream();
            try (var zip = new ZipOutputStream(bytes)) {
                put(zip, "code/__torch__.py", withTypeNumbers(source()).getBytes(StandardCharsets.UTF_8));
                put(zip, "data.pkl", emptyModule());
                put(zip, "constants.pkl", emptyTuple());
                put(zip, "version", ascii(FORMAT_VERSION));
                put(zip, "byteorder", ascii("little"));
            }
            return new ByteArrayInputStream(bytes.toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String source() throws IOException {
        StringBuilder all = new StringBuilder();
        for (String name : SOURCES) {
            try (InputStream source = KernelArchive.class.getResourceAsStream(name)) {
                if (source == null) {
                    throw new IllegalStateException("resource " + name + " is missing from the jar");
                }
                all.append(new String(source.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return all.toString();
    }

    /** Replaces the names of element types by their numbers, because an archive's source knows only numbers. */
    private static String withTypeNumbers(String source) {
        return source.replace("torch.int32", "3")
                .replace("torch.int64", "4")
                .replace("torch.float16", "5")
                .replace("torch.float32", "6")
                .replace("torch.float64", "7")
                .replace("torch.bfloat16", "15")
                .replace("torch.uint8", "0")
                .replace("torch.bool", "11");
    }

    private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
        zip.putNextEntry(new ZipEntry("kernels/" + name));
        zip.write(content);
        zip.closeEntry();
    }

    /** The pickle of a {@code __torch__.Kernels} with {@code training = False} and no backward hook. */
    private static byte[] emptyModule() {
        return ascii("\u0080\u0002c__torch__\nKernels\nq\u0000)\u0081}q\u0001("
                + "X\u0008\u0000\u0000\u0000trainingq\u0002\u0089"
                + "X\u0016\u0000\u0000\u0000_is_full_backward_hookq\u0003Nub.");
    }

    private static byte[] emptyTuple() {
        return ascii("\u0080\u0002).");
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
