"""The page that takes a logout message to a provider by POST: by itself, by its button, and nowhere else."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from gateway import web
from gateway.doors.portal.views.saml import carried_on
from tests.e2e.portal.conftest import Opened

STATIC = Path(web.__file__).parent / "static"
HERE = "https://sts.example.test/logout"
PROVIDER = "https://idp.example.test/slo;v=1,2"
FIELDS = {"SAMLRequest": "PHg+", "RelayState": '"><b>state</b>'}
Sent = list[dict[str, list[str]]]


def shown(context: BrowserContext, *, told_elsewhere: bool = False) -> tuple[Page, Sent]:
    """The page, served where no server is, and what the provider is sent. `told_elsewhere`: its form is turned."""
    sent: Sent = []
    answer = carried_on(f"{PROVIDER}?of=them", FIELDS, ())
    body = answer.body.decode()
    turned = body.replace("https://idp.example.test", "https://evil.example.test") if told_elsewhere else body
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    context.route(HERE, lambda route: route.fulfill(body=turned, headers=headers))
    for name in ("portal.css", "portal.js"):
        context.route(f"**/{name}?v=*", _file(STATIC / name))
    context.route("https://*.example.test/slo*", _provider(sent))
    page = context.new_page()
    page.goto(HERE)
    return page, sent


def _file(path: Path) -> Callable[[Route], None]:
    return lambda route: route.fulfill(path=path)


def _provider(sent: Sent) -> Callable[[Route], None]:
    def answer(route: Route) -> None:
        sent.append(parse_qs(route.request.post_data or ""))
        route.fulfill(body="<!doctype html><title>theirs</title>", content_type="text/html")

    return answer


TAKEN = {name: [value] for name, value in FIELDS.items()}


def test_where_scripts_run_it_goes_on_by_itself(opened: Opened) -> None:
    with opened() as context:
        page, sent = shown(context)
        expect(page).to_have_title("theirs")
        assert page.url == f"{PROVIDER}?of=them"

    assert sent == [TAKEN]


def test_without_scripts_a_button_does_it(opened: Opened) -> None:
    with opened(java_script_enabled=False) as context:
        page, sent = shown(context)
        assert sent == []
        expect(page.get_by_role("heading", name="Signed out")).to_be_visible()
        page.get_by_role("button", name="Go on").click()
        expect(page).to_have_title("theirs")

    assert sent == [TAKEN]


def test_the_pages_policy_lets_it_go_to_no_other_address(chromium: Browser) -> None:
    # Without scripts, and not by `opened`: what is refused is written to the console.
    context = chromium.new_context(java_script_enabled=False)
    try:
        page, sent = shown(context, told_elsewhere=True)
        with context.expect_console_message(lambda message: "form-action" in message.text):
            page.get_by_role("button", name="Go on").click(no_wait_after=True)
        assert page.url == HERE
    finally:
        context.close()

    assert sent == []
