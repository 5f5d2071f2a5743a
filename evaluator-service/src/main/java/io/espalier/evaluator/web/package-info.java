/** The web page, and Control over HTTP for it and for whoever speaks no gRPC. Decides nothing: every call is one of gRPC's. */
@org.jspecify.annotations.NullMarked
package io.espalier.evaluator.web;
