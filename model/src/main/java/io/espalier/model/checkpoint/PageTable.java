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
 * Enters all pages of a mapping into the page table at once. Otherwise the computing thread takes a page fault at every
 * 16th page, tens of thousands of times in a pass. If the system does not support this call, page faults enter the
 * pages later, which only takes longer.
 */
final class PageTable {
    private static final Logger LOG = LoggerFactory.getLogger(PageTable.class);

    /** {@code MADV_POPULATE_READ} of Linux 5.14 and later. */
    private static final int POPULATE_READ = 22;

    private static final @Nullable Function MADVISE = madvise();

    /** The page size: madvise accepts only addresses at the start of a page. */
    private static final long PAGE_BYTES =
            MADVISE == null ? 1 : Function.getFunction("c", "getpagesize").invokeInt(null);

    private PageTable() {}

    private static @Nullable Function madvise() {
        try {
            return System.getProperty("os.name").startsWith("Linux") ? Function.getFunction("c", "madvise") : null;
        } catch (LinkageError e) {
            LOG.debug("madvise is not available: page faults map the weights", e);
            return null;
        }
    }

    /**
     * Enters the pages of a mapping into the page table.
     *
     * @param mapped a mapping of a file
     * @return whether all pages are in the page table
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
