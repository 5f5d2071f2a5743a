/** The command line: the local stack, its embedded broker and the commands. */
@org.jspecify.annotations.NullMarked
package io.espalier.cli;
