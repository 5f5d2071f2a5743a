/** Allocation by measured loss: what each cut costs, the cheapest cuts within a budget, and the judge between them. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.search;
