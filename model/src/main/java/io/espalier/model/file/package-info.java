/** File handling that all packages share: durable writes, digests, strict JSON, full disks. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.file;
