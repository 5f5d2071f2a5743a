/** The whole pipeline on one machine: the embedded broker and the services as child processes. */
@org.jspecify.annotations.NullMarked
package io.espalier.cli.stack;
