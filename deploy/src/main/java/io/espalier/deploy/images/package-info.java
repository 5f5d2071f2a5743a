/** Puts the services' images together from what the build left in their target folders. */
@org.jspecify.annotations.NullMarked
package io.espalier.deploy.images;
