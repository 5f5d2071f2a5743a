package io.espalier.evaluator.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReportPageTest {
    private static final Pattern SCRIPT = Pattern.compile("<script>(.*?)</script>", Pattern.DOTALL);
    private static final Pattern DATA =
            Pattern.compile("<script type=\"application/json\" id=\"data\">(.*?)</script>", Pattern.DOTALL);
    private static final Pattern STYLE = Pattern.compile("<style>(.*?)</style>", Pattern.DOTALL);
    private static final Pattern POLICY =
            Pattern.compile("<meta http-equiv=\"Content-Security-Policy\" content=\"([^\"]*)\">");

    private final String page = ReportPage.of(SampleReport.hostile());

    @Test
    void theDataOfThePageIsThatOfTheFileBesideIt() {
        JsonNode data = json(only(DATA));

        assertThat(data).isEqualTo(json(SampleReport.hostile().json()));
    }

    @Test
    void noTextOfAUserCanEndTheElementItStandsIn() {
        String data = only(DATA);

        assertThat(data).doesNotContain("<", ">", "&", "\u2028", "\u2029");
        assertThat(json(data).at("/request/model").asText()).isEqualTo(SampleReport.HOSTILE);
        assertThat(page.split("<script", -1)).hasSize(4);
    }

    @Test
    void thePolicyAllowsTheTwoScriptsAndTheStyleThatAreInThePageAndNothingElse() throws Exception {
        List<String> scripts = all(SCRIPT);

        String policy = only(POLICY);

        assertThat(scripts).hasSize(2);
        assertThat(policy)
                .isEqualTo("default-src 'none'; script-src %s %s; style-src %s; base-uri 'none'; form-action 'none'"
                        .formatted(digest(scripts.get(0)), digest(scripts.get(1)), digest(only(STYLE))));
    }

    @Test
    void nothingIsFetched() {
        String own = page.replace(all(SCRIPT).get(0), "");

        assertThat(own).doesNotContain("http://", "https://", "src=\"", "href=", "@import", "url(", "innerHTML");
    }

    @Test
    void thePageIsSmallEnoughToBeSent() {
        assertThat(page.getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(1_500_000);
    }

    private List<String> all(Pattern element) {
        return element.matcher(page)
                .results()
                .map((MatchResult found) -> found.group(1))
                .toList();
    }

    private String only(Pattern element) {
        List<String> found = all(element);
        assertThat(found).hasSize(1);
        return found.get(0);
    }

    private static String digest(String text) throws Exception {
        byte[] sha256 = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        return "'sha256-%s'".formatted(Base64.getEncoder().encodeToString(sha256));
    }

    private static JsonNode json(String text) {
        try {
            return new com.fasterxml.jackson.databind.ObjectMapper().readTree(text);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
