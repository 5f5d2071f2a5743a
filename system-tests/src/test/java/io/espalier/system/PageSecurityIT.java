package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.JobEvent;
import io.espalier.v1.StageProgress;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The page of a service that asks who looks. */
class PageSecurityIT extends SecuredControl {
    @Test
    void whoEntersATokenSeesWhatItsRoleMaySeeUntilTheTabIsClosed() throws Exception {
        // Given
        Assumptions.assumeTrue(Browser.missing().isEmpty(), Browser.missing());
        write(List.of(JobEvent.newBuilder()
                .setJobId(RUNNING)
                .setStage("scorer")
                .setProgress(StageProgress.newBuilder()
                        .setActivity("score-layer")
                        .setTasksDone(1)
                        .setTasksTotal(4))
                .build()));
        URI address = URI.create("https://" + service.process().launch().http().getAuthority());
        try (Browser browser = Browser.open(address)) {
            browser.await("#notice", "enter your token");

            // When
            browser.type("#token", VIEWERS_TOKEN);
            browser.find("#token-form button").click();

            // Then
            browser.await("tr[data-job=running]", "scoring");
            browser.show("jobs/running");
            browser.await("#stages li[data-state=works]", "score-layer 1/4 tasks");
            assertThat(browser.run("return localStorage.length")).isEqualTo(0L);
            browser.type("#reason", "not allowed");
            browser.find("#actions .danger").click();
            browser.await(".problem[role=alert]", "PERMISSION_DENIED");
        }
    }
}
