package io.espalier.model.checkpoint;

import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Enters a mapping's pages into the page table at once. Otherwise every 16th page is a fault of the thread that computes,
 * tens of thousands in a pass. What the system cannot do here, faults do later: only time is lost.
 */
final class PageTable {
    private static final Logger LOG = LoggerFactory.getLogger(PageTable.class);

    /** {@code MADV_POPULATE_READ} of Linux 5.14 and later. */
    private static final int POPULATE_READ = 22;

    private static final @Nullable Function MADVISE = madvise();

    /** madvise wants the beginning of a page. */
    private static final long PAGE_BYTES =
            MADVISE == null ? 1 : Function.getFunction("c", "getpagesize").invokeInt(null);

    private PageTable() {}

    private static @Nullable Function madvise() {
        try {
            return System.getProperty("os.name").startsWith("Linux") ? Function.getFunction("c", "madvise") : null;
        } catch (LinkageError e) {
            LOG.debug("no madvise here: pages of weights are mapped one fault at a time", e);
            return null;
        }
    }

    /**
     * @param mapped direct, a part of a file
     * @return whether all pages are there
     */
    static boolean populate(ByteBuffer mapped) {
        if (MADVISE == null || mapped.capacity() == 0) {
            return false;
        }
        long address = Pointer.nativeValue(Native.getDirectBufferPointer(mapped));
        long before = address % PAGE_BYTES;
        Object[] arguments = {new Pointer(address - before), new NativeLong(before + mapped.capacity()), POPULATE_READ};
        return MADVISE.invokeInt(arguments) == 0;
    }
}
