/** Rows of Parquet files as JSON. Reads only files that were checked first: the library trusts the sizes that a file names. */
@NullMarked
package io.espalier.model.parquet;

import org.jspecify.annotations.NullMarked;
