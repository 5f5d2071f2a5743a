package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import org.awaitility.Awaitility;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** The Chromium of this machine, without a window. Both paths are given, so nothing is looked for or fetched. */
final class Browser implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/bin/chromium");
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");

    private final ChromeDriver driver;
    private final URI page;

    private Browser(ChromeDriver driver, URI page) {
        this.driver = driver;
        this.page = page;
    }

    /** Why there is no browser; empty if there is one. */
    static String missing() {
        return Files.isExecutable(PROGRAM) && Files.isExecutable(DRIVER)
                ? ""
                : "no %s with %s on this machine".formatted(PROGRAM, DRIVER);
    }

    /** @param service whose page is opened */
    static Browser open(URI service) {
        ChromeOptions options = new ChromeOptions();
        options.setBinary(PROGRAM.toString());
        options.setAcceptInsecureCerts(true);
        options.addArguments(
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1200,900");
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.SEVERE);
        options.setCapability("goog:loggingPrefs", logs);
        ChromeDriverService process = new ChromeDriverService.Builder()
                .usingDriverExecutable(DRIVER.toFile())
                .usingAnyFreePort()
                .build();
        Browser browser = new Browser(new ChromeDriver(process, options), service);
        browser.driver.get(service + "/");
        return browser;
    }

    /** @param view what stands behind the # of an address */
    void show(String view) {
        driver.get(page + "/ui/#/" + view);
    }

    void open(String path) {
        driver.get(page + path);
    }

    /** Comes anew, with the focus nowhere. */
    void reload() {
        driver.navigate().refresh();
    }

    void press(Keys key) {
        driver.switchTo().activeElement().sendKeys(key);
    }

    String address() {
        return String.valueOf(driver.getCurrentUrl());
    }

    /** Waits until something is there and can be seen. */
    WebElement find(String css) {
        return Awaitility.await(css)
                .atMost(Stack.LIMIT)
                .ignoreException(StaleElementReferenceException.class)
                .until(() -> all(css).stream().filter(WebElement::isDisplayed).findFirst(), Optional::isPresent)
                .orElseThrow();
    }

    List<WebElement> all(String css) {
        return driver.findElements(By.cssSelector(css));
    }

    /** Waits until something that can be seen says this. */
    void await(String css, String text) {
        Awaitility.await("%s says \"%s\"".formatted(css, text))
                .atMost(Stack.LIMIT)
                .ignoreException(StaleElementReferenceException.class)
                .until(() -> all(css).stream()
                        .anyMatch(element ->
                                element.isDisplayed() && element.getText().contains(text)));
    }

    void type(String css, String text) {
        WebElement field = find(css);
        field.clear();
        field.sendKeys(text);
    }

    /** What the frame shows. */
    String inFrame(String css, String inside) {
        driver.switchTo().frame(find(css));
        try {
            return find(inside).getText();
        } finally {
            driver.switchTo().defaultContent();
        }
    }

    Object run(String script) {
        return driver.executeScript(script);
    }

    /** As on a phone, or on a wide screen again. */
    void width(int pixels) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", pixels, "height", 800, "deviceScaleFactor", 1, "mobile", false));
    }

    /** No script failed and no policy was broken. What the API refused is no failure of the page. */
    void assertQuiet() {
        assertThat(driver.manage().logs().get(LogType.BROWSER).getAll())
                .extracting(LogEntry::getMessage)
                .filteredOn(message -> !message.contains("/api/jobs"))
                .isEmpty();
    }

    @Override
    public void close() {
        driver.quit();
    }
}
