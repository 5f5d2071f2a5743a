/** What lies in the folder of artifacts, read without Kafka and without a tensor library. */
@org.jspecify.annotations.NullMarked
package io.espalier.cli.artifact;
