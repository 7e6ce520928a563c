"""A person at a real browser: Debian's Chromium, driven by Playwright."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

_CHROMIUM = "/usr/bin/chromium"
_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium(folder: Path, *, ignore_https_errors: bool = False) -> Iterator[BrowserContext]:
    """A browser with a fresh profile; a page's error or a forbidden script is a test's failure."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=_CHROMIUM,
            headless=True,
            args=_OPTIONS,
            viewport={"width": 900, "height": 700},
            ignore_https_errors=ignore_https_errors,
        )
        context.set_default_timeout(10_000)
        try:
            yield context
        finally:
            context.close()


@contextmanager
def fresh_page(browser: BrowserContext) -> Iterator[Page]:
    """A page of a browser that nobody is signed in with; nothing on it may run against our own policy."""
    browser.clear_cookies()
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    page.close()
    assert [told for told in complaints if "Content Security Policy" in told] == []


def sign_in(page: Page, url: str, person: str = "alice") -> None:
    """Open a page of the gateway and get through the pages of its only provider to it."""
    page.goto(url)
    page.get_by_placeholder("Enter any login").fill(person)
    page.get_by_placeholder("and password").fill("anything")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()
