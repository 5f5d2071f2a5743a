/** The beans that every service shares: storage and what was read from it. */
@org.jspecify.annotations.NullMarked
package io.espalier.job.service;
