/**
 * What a request means: the specification of a job, what an inspection found, where its files lie, and the wire form.
 */
@org.jspecify.annotations.NullMarked
package io.espalier.job;
