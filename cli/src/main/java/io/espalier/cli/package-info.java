/** The command line tool: its commands, and the local stack with its embedded broker. */
@org.jspecify.annotations.NullMarked
package io.espalier.cli;
