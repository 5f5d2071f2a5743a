package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.JobEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.Keys;

/** The page as somebody uses it. */
class PageIT extends SoundStack {
    private static final int PHONE = 360;

    private static Browser browser;

    @BeforeAll
    static void twoFinishedJobs() {
        Assumptions.assumeTrue(Browser.missing().isEmpty(), Browser.missing());
        stack.run(Requests.magnitude("page-a"));
        stack.run(Requests.small("page-b"));
        browser = Browser.open(stack.service("evaluator").launch().http());
    }

    @AfterAll
    static void close() {
        if (browser != null) {
            browser.close();
        }
    }

    @AfterEach
    void nothingWentWrongUnseen() {
        browser.width(1200);
        browser.assertQuiet();
    }

    @Test
    void aRequestSentFromThePageIsWatchedToItsEndAndItsFiguresAreRead() {
        // Given
        browser.show("submit");
        browser.type("#model", "llama");
        browser.type("#calibration-text", "calibration.txt");
        browser.type("#evaluation-text", "evaluation.txt");
        browser.type("#pruning-unit_ratio", "0.34");
        browser.type("#output", "page-sent");

        // When
        browser.find("form .main").click();

        // Then
        browser.await("#state", "completed");
        browser.await("#about", "page-sent");
        JobEvent end = stack.awaitEnd(browser.address().replaceFirst(".*#/jobs/", ""));
        String figures = browser.find("#outcome table").getText();
        assertThat(figures)
                .contains(String.format(
                        Locale.ROOT, "%,.3f", end.getCompleted().getPruned().getPerplexity()))
                .contains(String.format(
                        Locale.ROOT, "%,d", end.getCompleted().getPruned().getParameters()));
        assertThat(browser.find("#outcome .result").getText()).contains("removed");
        assertThat(browser.all("#stages li[data-state=done]")).hasSize(3);
        Awaitility.await("the report in its frame")
                .atMost(Stack.LIMIT)
                .ignoreExceptions()
                .until(() -> browser.inFrame("#report iframe", "h1").contains("llama"));
    }

    @Test
    void aReportIsAPageOfItsOwnToo() {
        // When
        browser.open("/api/jobs/page-a/report");

        // Then
        browser.await("h1", "llama");
        browser.find("canvas");
    }

    @Test
    void aJobIsCancelledWithAReason() {
        // Given
        stack.client().submit(Requests.slowScoring("page-cancel"));
        stack.awaitEvent("page-cancel", JobEvent::hasProgress);
        browser.show("jobs/page-cancel");
        browser.await("#stages li[data-state=works]", "Score");
        browser.type("#reason", "not needed");

        // When
        browser.find("#actions .danger").click();

        // Then
        browser.await("#state", "cancelled");
        browser.await("#outcome", "not needed");
        assertThat(stack.awaitEnd("page-cancel").hasCancelled()).isTrue();
    }

    @Test
    void aJobThatFailsSaysWhyAndWhatToDo() {
        // Given
        var request = Requests.magnitude("page-failed").toBuilder().setModel("no-such-model");
        stack.run(request.build());

        // When
        browser.show("jobs/page-failed");

        // Then
        browser.await("#state", "failed");
        browser.await(".failure", "MODEL_NOT_FOUND");
        browser.await("#remedy", "Check the path");
        assertThat(browser.find("#actions a").getDomAttribute("href")).contains("like=page-failed");
    }

    @Test
    void twoJobsAreMarkedInTheListAndComparedInATableAndAChart() {
        // Given
        browser.show("jobs");
        browser.find("tr[data-job=page-a] input").click();
        browser.find("tr[data-job=page-b] input").click();

        // When
        browser.find("#compare").click();

        // Then
        browser.await("#figures", "page-a");
        String figures = browser.find("#figures").getText();
        assertThat(figures).contains("page-b", "llama, dense");
        browser.find(".chart[data-drawn] canvas");
    }

    @Test
    void whatIsMissingIsSaidAtItsField() {
        // Given
        browser.show("submit");
        browser.type("#calibration-text", "calibration.txt");
        browser.type("#pruning-unit_ratio", "7");

        // When
        browser.find("form .main").click();

        // Then
        assertThat(browser.find("#model-wrong").getText()).isNotBlank();
        assertThat(browser.find("#pruning-unit_ratio-wrong").getText()).isNotBlank();
        assertThat(browser.run("return document.activeElement.id")).isEqualTo("model");
    }

    @Test
    void whatTheServiceRefusesIsSaidAsItSaysIt() {
        // Given
        browser.show("submit");
        browser.type("#yaml", "model: llama\nprunning: {}\n");

        // When
        browser.find("form .main").click();

        // Then
        browser.await("form .problem[role=alert]", "MALFORMED_MESSAGE");
        browser.await("form .problem[role=alert]", "prunning");
    }

    @Test
    void aWorkerIsPausedAndResumed() {
        // Given
        String pruner = stack.workers("pruner").get(0);
        String row = "tr[data-worker=" + pruner + "] ";
        browser.show("workers");
        browser.await(row, "ready");
        try {
            // When
            browser.find(row + "button[aria-label^=Pause]").click();

            // Then
            browser.await(row, "paused");
        } finally {
            browser.find(row + "button[aria-label^=Resume]").click();
        }
        browser.await(row, "ready");
    }

    @Test
    void whatAUserNamedIsNeverMarkup() {
        // Given
        stack.run(Requests.magnitude("page-markup").toBuilder()
                .setModel("<img src=x onerror=document.title='run'>")
                .build());

        // When
        browser.show("jobs/page-markup");

        // Then
        browser.await("#about", "<img src=x");
        assertThat(browser.all("main img")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"jobs", "jobs/page-b", "submit", "compare?jobs=page-a,page-b", "compare", "workers"})
    void noViewIsWiderThanAPhone(String view) {
        // Given
        browser.width(PHONE);

        // When
        browser.show(view);

        // Then
        browser.find("h1");
        browser.find("main table, main textarea, main fieldset");
        assertThat(((Number) browser.run("return document.documentElement.scrollWidth")).intValue())
                .isLessThanOrEqualTo(PHONE);
    }

    @Test
    void theViewsAreReachedWithTheKeyboardAlone() {
        // Given
        browser.show("jobs");
        browser.reload();
        browser.find("tr[data-job=page-a]");

        // When
        List<String> reached = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            browser.press(Keys.TAB);
            reached.add(String.valueOf(browser.run("return document.activeElement.textContent.trim()")));
        }

        // Then
        assertThat(reached)
                .contains("To the content", "Jobs", "Submit", "Compare", "Workers", "Token", "Submit a request");
    }
}
