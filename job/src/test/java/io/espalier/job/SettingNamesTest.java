package io.espalier.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.EspalierException;
import io.espalier.model.Setting;
import io.espalier.model.pruning.Budget;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SettingNamesTest {
    @ParameterizedTest
    @EnumSource
    void everySettingHasANameThatUsersKnow(Setting setting) {
        assertThat(SettingNames.of(setting))
                .matches("(pruning|scoring|evaluation|export|recovery|espalier)\\.[a-z_.]+");
    }

    @Test
    void whatTheMathematicsRefusesIsToldByTheFieldOfTheRequest() {
        assertThatThrownBy(() -> SettingNames.named(() -> new Budget.UnitRatio(2)))
                .isInstanceOf(EspalierException.class)
                .hasMessageStartingWith("pruning.unit_ratio: must lie between 0 and 1");
    }
}
