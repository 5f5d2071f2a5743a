/** The recoverer on the wire: its stage and its worker in terms of the domain. */
@org.jspecify.annotations.NullMarked
package io.espalier.recoverer.kafka;
