/** The evaluator on the wire: its stage and its worker in terms of the domain. */
@org.jspecify.annotations.NullMarked
package io.espalier.evaluator.kafka;
