/** The store that all workers share, its write-once files, and the manifest of a finished artifact. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.artifact;
