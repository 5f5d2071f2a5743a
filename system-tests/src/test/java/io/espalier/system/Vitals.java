package io.espalier.system;

import io.espalier.cli.stack.ServiceProcess;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;

/**
 * What a service holds when its garbage is gone.
 *
 * @param heap in megabytes
 * @param openFiles file descriptors, those of sockets among them
 */
record Vitals(long heap, long openFiles) {
    /** Of a process that answers over HTTP. */
    static Vitals of(Services services, ServiceProcess process) throws IOException, InterruptedException {
        new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(process.pid()),
                        "GC.run")
                .redirectErrorStream(true)
                .redirectOutput(Redirect.DISCARD)
                .start()
                .waitFor();
        String metrics = services.get(process, "/q/metrics").body();
        return new Vitals(
                sum(metrics, "jvm_memory_used_bytes{area=\"heap\"") >> 20, sum(metrics, "process_files_open_files"));
    }

    private static long sum(String metrics, String prefix) {
        return (long) metrics.lines()
                .filter(line -> line.startsWith(prefix))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }
}
