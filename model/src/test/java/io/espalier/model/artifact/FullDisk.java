package io.espalier.model.artifact;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.CopyOption;
import java.nio.file.FileSystemException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.util.Set;
import org.apache.lucene.tests.mockfile.FilterFileChannel;
import org.apache.lucene.tests.mockfile.FilterFileSystemProvider;

/**
 * A disk that takes every byte and says only later that it is full: when a file is made durable, as network file systems
 * and those with quotas do, or when a folder must grow for one more name.
 */
final class FullDisk extends FilterFileSystemProvider {
    private static final String REASON = "No space left on device";

    private int forcesLeft = Integer.MAX_VALUE;
    private int movesLeft = Integer.MAX_VALUE;

    FullDisk(Path folder) {
        super("full-disk://", folder.getFileSystem());
    }

    /** The same folder, through this disk. */
    Path of(Path folder) {
        return wrapPath(folder);
    }

    /** Lets so many files and folders become durable, and then no more. */
    void failToForceAfter(int count) {
        forcesLeft = count;
    }

    /** Lets so many names change, and then no more. */
    void failToMoveAfter(int count) {
        movesLeft = count;
    }

    void free() {
        forcesLeft = Integer.MAX_VALUE;
        movesLeft = Integer.MAX_VALUE;
    }

    @Override
    public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        return new FilterFileChannel(super.newFileChannel(path, options, attributes)) {
            @Override
            public void force(boolean metaData) throws IOException {
                if (forcesLeft == 0) {
                    throw new IOException(REASON);
                }
                forcesLeft--;
                super.force(metaData);
            }
        };
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
        if (movesLeft == 0) {
            throw new FileSystemException(source.toString(), target.toString(), REASON);
        }
        movesLeft--;
        super.move(source, target, options);
    }
}
