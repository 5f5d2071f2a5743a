package io.espalier.model;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;

/** A choice that cannot be used: {@code INVALID_ARGUMENT}. */
public final class InvalidSetting extends EspalierException {
    private static final long serialVersionUID = 1L;

    private final Setting setting;
    private final String reason;

    /** @param reason what is wrong with it and what it may be */
    public InvalidSetting(Setting setting, String reason) {
        super(ErrorCode.INVALID_ARGUMENT, setting.words() + ": " + reason);
        this.setting = setting;
        this.reason = reason;
    }

    public Setting setting() {
        return setting;
    }

    /** Without the name of the setting. */
    public String reason() {
        return reason;
    }
}
