package io.espalier.model.parquet;

import java.io.IOException;

/** That a file cannot be read as Parquet, and why: "is damaged: …". */
public final class ParquetException extends IOException {
    private static final long serialVersionUID = 1;

    ParquetException(String why) {
        super(why);
    }

    ParquetException(String why, Throwable cause) {
        super(why, cause);
    }
}
