"""Sign-in by a provider's pages: what an honest browser gets, and every row of attacks on it."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.fakes.identity_provider import ABSENT, Answer
from tests.fakes.people_world import CALLBACK, CLIENT_SECRET, OWN_SCRIPT, URL, Browser, PeopleWorld, form_of, scripts_in


async def test_a_person_signs_in_and_sees_their_roles(browser: Browser, world: PeopleWorld) -> None:
    answer = await world.sign_in(browser, "analysts", "engineers")
    assert answer.headers["location"] == "/portal"
    page = await browser.get("/portal")
    assert page.status_code == 200
    assert "Analyst" in page.text
    assert "Engineer" in page.text
    assert page.headers["cache-control"] == "no-store"
    (event,) = world.events("ConsoleLogin")
    assert event["responseElements"] == {"ConsoleLogin": "Success"}
    assert event["eventType"] == "AwsConsoleSignIn"
    assert event["additionalEventData"]["MFAUsed"] == "No"
    assert event["sessionId"]


async def test_the_provider_is_asked_with_pkce_state_and_nonce(browser: Browser, world: PeopleWorld) -> None:
    sent = await world.begin(browser)
    assert sent["redirect_uri"] == URL + CALLBACK
    assert (sent["response_type"], sent["code_challenge_method"]) == ("code", "S256")
    assert len({sent["state"], sent["nonce"], sent["code_challenge"]}) == 3
    assert sent["scope"] == "openid profile email"
    await browser.get(CALLBACK, params=world.allow(sent))
    asked = next(request for request in world.provider.requests if request.path == "/token")
    assert b"code_verifier=" in asked.body
    assert b"code=the-code" in asked.body
    assert asked.headers["authorization"].startswith("Basic ")
    assert CLIENT_SECRET.encode() not in asked.body


async def test_cookies_are_bound_to_the_host_and_hidden_from_scripts(browser: Browser, world: PeopleWorld) -> None:
    answer = await world.sign_in(browser)
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 3
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"} <= set(cookie.split("; "))
        assert len(cookie) < 4_096


REFUSED: dict[str, dict[str, Any]] = {
    "no state": {"state": None},
    "a foreign state": {"state": "x" * 43},
    "no code": {"code": None},
    "no iss though the provider sends it": {"iss": None},
    "the iss of another provider (RFC 9207)": {"iss": "https://evil.example"},
    "an error": {"error": "access_denied"},
}


@pytest.mark.parametrize("changed", REFUSED.values(), ids=REFUSED.keys())
async def test_a_callback_that_does_not_hold_is_a_page_and_no_session(
    changed: dict[str, Any], browser: Browser, world: PeopleWorld
) -> None:
    honest = world.allow(await world.begin(browser))
    callback = {name: value for name, value in {**honest, **changed}.items() if value is not None}
    answer = await browser.get(CALLBACK, params=callback)
    await _is_refused(answer, browser, world)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": ABSENT},
        {"nonce": 7},
        {"aud": "sts.amazonaws.com"},
        {"exp": 1},
        {"iss": "https://x"},
    ],
    ids=["foreign nonce", "no nonce", "nonce is a number", "for another client", "expired", "of another issuer"],
)
async def test_an_id_token_that_does_not_hold_opens_nothing(
    claims: dict[str, Any], browser: Browser, world: PeopleWorld
) -> None:
    answer = await browser.get(CALLBACK, params=world.allow(await world.begin(browser), **claims))
    await _is_refused(answer, browser, world)


async def test_an_attackers_answer_opens_nothing_in_the_victims_browser(browser: Browser, world: PeopleWorld) -> None:
    honest = world.allow(await world.begin(browser))
    async with world.browser() as victim:
        await world.begin(victim)  # with a cookie of its own
        await _is_refused(await victim.get(CALLBACK, params=honest), victim, world)


async def test_a_callback_is_used_once(browser: Browser, world: PeopleWorld) -> None:
    honest = world.allow(await world.begin(browser))
    assert (await browser.get(CALLBACK, params=honest)).status_code == 303
    asked = world.provider.seen("/token")
    assert (await browser.get(CALLBACK, params=honest)).status_code == 400
    assert world.provider.seen("/token") == asked


async def test_of_two_callbacks_racing_one_signs_in(browser: Browser, world: PeopleWorld) -> None:
    honest = world.allow(await world.begin(browser))
    cookies = dict(browser.cookies)
    async with world.browser() as twin:
        twin.cookies.update(cookies)
        answers = await asyncio.gather(*(one.get(CALLBACK, params=honest) for one in (browser, twin)))
    assert sorted(answer.status_code for answer in answers) == [303, 400]


async def test_a_refused_callback_has_used_its_transaction(browser: Browser, world: PeopleWorld) -> None:
    honest = world.allow(await world.begin(browser))
    assert (await browser.get(CALLBACK, params={**honest, "iss": "https://evil.example"})).status_code == 400
    await _is_refused(await browser.get(CALLBACK, params=honest), browser, world)


async def test_a_callback_for_another_provider_is_refused(browser: Browser, world: PeopleWorld) -> None:
    honest = world.allow(await world.begin(browser))
    await _is_refused(await browser.get("/oidc/other/callback", params=honest), browser, world)
    assert "another provider" in world.events("ConsoleLogin")[-1]["additionalEventData"]["cause"]


async def test_a_sign_in_that_took_too_long_is_begun_again(browser: Browser, world: PeopleWorld) -> None:
    sent = await world.begin(browser)
    world.clock.move(minutes=11)
    await _is_refused(await browser.get(CALLBACK, params=world.allow(sent)), browser, world)


@pytest.mark.parametrize(
    "configuration",
    [
        {"token_endpoint": "https://169.254.169.254/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"issuer": "https://evil.example"},
    ],
    ids=["inner address", "script", "another issuer"],
)
async def test_endpoints_that_nobody_may_be_sent_to_are_refused(
    configuration: dict[str, str], browser: Browser, world: PeopleWorld
) -> None:
    world.provider.configuration |= configuration
    answer = await browser.get("/login/workforce")
    assert answer.status_code == 503
    assert "location" not in answer.headers


async def test_a_provider_that_is_down_is_told_on_a_page(browser: Browser, world: PeopleWorld) -> None:
    sent = await world.begin(browser)
    honest = world.allow(sent)
    world.provider.at["/token"] = Answer(status=500)
    await _is_refused(await browser.get(CALLBACK, params=honest), browser, world, 503)


async def test_the_session_has_a_new_id_at_each_sign_in_and_the_old_one_is_dead(
    browser: Browser, world: PeopleWorld
) -> None:
    await world.sign_in(browser)
    old = browser.cookies["__Host-portal"]
    await world.sign_in(browser)
    assert browser.cookies["__Host-portal"] != old
    async with world.browser() as thief:
        thief.cookies.set("__Host-portal", old, domain="sts.example.com")
        assert (await thief.get("/portal")).status_code == 303


async def test_a_planted_session_id_is_never_filled(browser: Browser, world: PeopleWorld) -> None:
    browser.cookies.set("__Host-portal", "planted.by.attacker", domain="sts.example.com")
    await world.sign_in(browser)
    assert browser.cookies.get("__Host-portal", domain="sts.example.com") != "planted.by.attacker"


async def test_signing_out_ends_the_session_everywhere(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    cookie = browser.cookies["__Host-portal"]
    answer = await browser.submit("/logout", form_of(await browser.get("/portal"), "/logout"))
    assert answer.headers["location"] == "/login?signed_out=1"
    assert len(world.events("Logout")) == 1
    async with world.browser() as other:
        other.cookies.set("__Host-portal", cookie, domain="sts.example.com")
        assert (await other.get("/portal")).headers["location"].startswith("/login?next=")


@pytest.mark.parametrize(("minutes", "times", "status"), [(59, 3, 200), (61, 1, 303), (59, 13, 303)])
async def test_a_session_ends_by_idleness_and_by_age(
    minutes: int, times: int, status: int, browser: Browser, world: PeopleWorld
) -> None:
    await world.sign_in(browser)
    answers = []
    for _ in range(times):
        world.clock.move(minutes=minutes)
        answers.append((await browser.get("/portal")).status_code)
    assert answers[-1] == status


async def test_a_changed_cookie_opens_nothing(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    cookie = browser.cookies["__Host-portal"]
    for at in range(0, len(cookie), 7):
        changed = cookie[:at] + ("A" if cookie[at] != "A" else "B") + cookie[at + 1 :]
        async with world.browser() as other:
            other.cookies.set("__Host-portal", changed, domain="sts.example.com")
            assert (await other.get("/portal")).status_code == 303


async def test_a_cookie_of_another_purpose_is_no_session(browser: Browser, world: PeopleWorld) -> None:
    await browser.get("/login/workforce")
    async with world.browser() as other:
        other.cookies.set("__Host-portal", browser.cookies["__Host-browser"], domain="sts.example.com")
        assert (await other.get("/portal")).status_code == 303


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/portal",
        "//evil.example/portal",
        "/\\evil.example",
        "/portal@evil.example",
        "/portal/../login",
        "javascript:alert(1)",
        "/portal\r\nSet-Cookie: a=b",
        "/logout",
    ],
)
async def test_nobody_is_sent_to_another_page_after_signing_in(
    wanted: str, browser: Browser, world: PeopleWorld
) -> None:
    sent = await world.begin(browser, str(httpx.URL("/login/workforce", params={"next": wanted})))
    answer = await browser.get(CALLBACK, params=world.allow(sent))
    assert answer.headers["location"] == "/portal"


async def test_who_was_on_the_way_to_a_page_of_ours_gets_there(browser: Browser, world: PeopleWorld) -> None:
    first = await browser.get("/device?user_code=BCDF-GHJK")
    assert first.headers["location"] == "/login?next=%2Fdevice%3Fuser_code%3DBCDF-GHJK"
    sent = await world.begin(browser, "/login/workforce?next=%2Fdevice%3Fuser_code%3DBCDF-GHJK")
    answer = await browser.get(CALLBACK, params=world.allow(sent))
    assert answer.headers["location"] == "/device?user_code=BCDF-GHJK"


async def test_the_list_has_every_provider_and_the_last_one_first(browser: Browser, world: PeopleWorld) -> None:
    page = await browser.get("/login")
    assert page.status_code == 200
    assert page.text.index("/login/workforce?") < page.text.index("/login/other?")


async def test_another_host_is_sent_to_the_public_url(world: PeopleWorld) -> None:
    async with world.browser("https://10.0.0.7:8443") as browser:
        answer = await browser.get("/portal?a=b")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{URL}/portal?a=b")
        assert (await browser.submit("/logout", {})).status_code == 403


async def test_a_revoked_person_is_signed_out(browser: Browser, world: PeopleWorld) -> None:
    from gateway.domain.revocation import RevocationKind

    await world.sign_in(browser)
    (event,) = world.events("ConsoleLogin")
    await world.gateway._revocations.revoke(RevocationKind.SESSION, event["sessionId"])
    assert (await browser.get("/portal")).status_code == 303


async def test_every_page_forbids_foreign_scripts_and_frames(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    for path in ("/portal", "/login", "/device", "/portal/nothing"):
        answer = await browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy or answer.status_code == 404
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert scripts_in(answer) == [OWN_SCRIPT]
        assert "style=" not in answer.text


async def _is_refused(answer: httpx.Response, browser: Browser, world: PeopleWorld, status: int = 400) -> None:
    assert answer.status_code == status
    assert "This did not work" in answer.text
    assert not [cookie for cookie in answer.headers.get_list("set-cookie") if "portal=" in cookie]
    assert (await browser.get("/portal")).status_code == 303
    event = world.events("ConsoleLogin")[-1]
    assert event["responseElements"] == {"ConsoleLogin": "Failure"}
    assert event["errorMessage"] == "Failed authentication"
    assert event["additionalEventData"]["cause"] not in answer.text


async def test_without_an_audit_line_nobody_is_signed_in(browser: Browser, world: PeopleWorld) -> None:
    honest = world.allow(await world.begin(browser))
    world.audit.full = True
    answer = await browser.get(CALLBACK, params=honest)
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers
    world.audit.full = False
    assert (await browser.get(CALLBACK, params=honest)).status_code == 400
    assert (await browser.get("/portal")).status_code == 303


async def test_the_store_shows_neither_people_nor_keys_of_records(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    store: Any = world.gateway._state
    kept = [(key, entry.value) for table in store._records.values() for key, entry in table.entries.items()]
    assert kept
    for told in (b"alice", b"analysts", browser.cookies["__Host-portal"].split(".")[0].encode()):
        assert not [row for row in kept if any(told in part for part in row)]


async def test_a_record_moved_to_another_key_is_none(browser: Browser, world: PeopleWorld) -> None:
    records = world.gateway.exchange._parts.people.records
    until = world.clock.now().replace(year=2030)
    await records.put("portal_session", "hers", {"a": 1}, until)
    raw = await world.gateway._state.get("portal_session", "hers")
    assert raw is not None
    await world.gateway._state.put("portal_session", "his", raw, until)
    await world.gateway._state.put("token_family", "hers", raw, until)
    assert (await records.get("portal_session", "hers")) is not None
    assert await records.get("portal_session", "his") is None
    assert await records.get("token_family", "hers") is None


@pytest.mark.parametrize(
    ("methods", "in_form"),
    [(["client_secret_basic", "client_secret_post"], False), (["client_secret_post"], True), (None, False), (5, False)],
    ids=["both", "form", "null", "a number"],
)
async def test_the_client_secret_goes_where_the_provider_wants_it(
    methods: Any, in_form: bool, browser: Browser, world: PeopleWorld
) -> None:
    world.provider.configuration["token_endpoint_auth_methods_supported"] = methods
    await world.sign_in(browser)
    asked = next(request for request in world.provider.requests if request.path == "/token")
    assert (b"client_secret=" in asked.body) is in_form
    assert ("authorization" in asked.headers) is not in_form


async def test_a_redirecting_token_endpoint_is_not_followed(browser: Browser, world: PeopleWorld) -> None:
    honest = world.allow(await world.begin(browser))
    world.provider.at["/token"] = Answer(status=307, headers={"Location": f"{world.provider.issuer}/elsewhere"})
    await _is_refused(await browser.get(CALLBACK, params=honest), browser, world, 503)
    assert world.provider.seen("/elsewhere") == 0
