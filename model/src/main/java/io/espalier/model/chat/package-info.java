/** Conversations as the text that a model was trained on: its chat template, in Jinja, run in bounds. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.chat;
