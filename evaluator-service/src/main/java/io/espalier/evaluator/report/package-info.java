/** The report of a job for people: one page that needs no network, and the same data as JSON. */
@org.jspecify.annotations.NullMarked
package io.espalier.evaluator.report;
