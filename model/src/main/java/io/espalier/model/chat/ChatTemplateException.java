package io.espalier.model.chat;

/** That a conversation cannot be put into a model's template, and why. */
public final class ChatTemplateException extends Exception {
    private static final long serialVersionUID = 1;

    public ChatTemplateException(String why) {
        super(why);
    }
}
