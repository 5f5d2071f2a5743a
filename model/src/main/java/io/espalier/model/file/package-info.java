/** Files as they must be handled everywhere: durable writes, digests, strict JSON, full disks. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.file;
