"""Identity Center's API over HTTP: a whole gateway, asked as AWS's clients and intruders ask it."""

import asyncio
import base64
import hashlib
import itertools
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

import httpx
import pytest

from tests.fakes.gateway_world import ACCOUNT
from tests.fakes.people_world import URL, Browser, PeopleWorld, form_of

REDIRECT = "http://127.0.0.1/oauth/callback"
CALLED_BACK = "http://127.0.0.1:41234/oauth/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


async def call(browser: Browser, path: str, **sent: Any) -> httpx.Response:
    return await browser.post(f"/sso-oidc/{path}", json=sent)


async def register(browser: Browser, *redirects: str, name: str = "botocore-client") -> dict[str, str]:
    answer = await call(
        browser, "client/register", clientName=name, clientType="public", redirectUris=list(redirects or (REDIRECT,))
    )
    assert answer.status_code == 200, answer.text
    made = answer.json()
    return {"clientId": made["clientId"], "clientSecret": made["clientSecret"]}


async def start(browser: Browser, client: dict[str, str]) -> dict[str, Any]:
    answer = await call(browser, "device_authorization", **client, startUrl=f"{URL}/start")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def poll(browser: Browser, client: dict[str, str], device_code: str) -> httpx.Response:
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    return await call(browser, "token", **client, grantType=grant, deviceCode=device_code)


async def approve(browser: Browser, user_code: str, answer: str = "approve") -> httpx.Response:
    fields = form_of(await browser.get("/device", params={"user_code": user_code}), "/device")
    return await browser.submit("/device", {**fields, "answer": answer})


async def tokens(browser: Browser, world: PeopleWorld) -> tuple[dict[str, str], dict[str, Any]]:
    """A client, and what the device grant gave it."""
    await world.sign_in(browser, "analysts", "engineers")
    client = await register(browser)
    started = await start(browser, client)
    await approve(browser, started["userCode"])
    return client, dict((await poll(browser, client, started["deviceCode"])).json())


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    told = answer.json()
    return answer.status_code, answer.headers["x-amzn-errortype"], told.get("error") or told["__type"]


async def ask(browser: Browser, path: str, token: str, **query: Any) -> httpx.Response:
    return await browser.get(f"/sso/{path}", params=query, headers={"x-amz-sso_bearer_token": token})


PENDING = (400, "AuthorizationPendingException", "authorization_pending")
SLOW = (400, "SlowDownException", "slow_down")
INVALID = (400, "InvalidGrantException", "invalid_grant")
UNAUTHORIZED = (401, "UnauthorizedException", "UnauthorizedException")


async def test_the_device_grant_from_code_to_credentials(browser: Browser, world: PeopleWorld) -> None:
    client = await register(browser)
    started = await start(browser, client)
    assert started["verificationUriComplete"] == f"{URL}/device?user_code={started['userCode']}"
    assert (started["expiresIn"], started["interval"]) == (600, 5)
    assert refused(await poll(browser, client, started["deviceCode"])) == PENDING
    await world.sign_in(browser)
    page = await browser.get("/device", params={"user_code": started["userCode"].lower().replace("-", " ")})
    assert "botocore-client" in page.text
    assert "nobody has verified this name" in page.text
    assert "Approved" in (await approve(browser, started["userCode"])).text
    world.clock.move(seconds=5)
    given = (await poll(browser, client, started["deviceCode"])).json()
    assert (given["tokenType"], given["expiresIn"]) == ("Bearer", 3_600)
    answer = await ask(browser, "federation/credentials", given["accessToken"], account_id=ACCOUNT, role_name="Analyst")
    credentials = answer.json()["roleCredentials"]
    assert credentials["accessKeyId"].startswith("ASIA")
    assert credentials["expiration"] == int((world.clock.now().timestamp() + 3_600) * 1_000)
    assert [event["eventName"] for event in world.audit.records] == [
        "ConsoleLogin",
        "ApproveDevice",
        "CreateToken",
        "GetRoleCredentials",
    ]
    assert len({event["sessionId"] for event in world.audit.records}) == 1


async def test_opening_the_link_approves_nothing(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    started = await start(browser, client)
    await browser.get(started["verificationUriComplete"])
    assert refused(await poll(browser, client, started["deviceCode"])) == PENDING


@pytest.mark.parametrize(
    ("headers", "changed"),
    [
        ({"origin": "https://evil.example"}, {}),
        ({"sec_fetch_site": "cross-site"}, {}),
        ({}, {"form_token": "x"}),
    ],
)
async def test_an_approval_by_another_site_is_refused(
    headers: dict[str, str], changed: dict[str, str], browser: Browser, world: PeopleWorld
) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    started = await start(browser, client)
    fields = form_of(await browser.get("/device", params={"user_code": started["userCode"]}), "/device")
    answer = await browser.submit("/device", {**fields, "answer": "approve", **changed}, **headers)
    assert answer.status_code == 403
    assert refused(await poll(browser, client, started["deviceCode"])) == PENDING


async def test_a_declined_request_gives_nothing(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    started = await start(browser, client)
    assert "Declined" in (await approve(browser, started["userCode"], "decline")).text
    assert refused(await poll(browser, client, started["deviceCode"]))[1] == "AccessDeniedException"


async def test_a_code_is_answered_once(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    started = await start(browser, client)
    fields = form_of(await browser.get("/device", params={"user_code": started["userCode"]}), "/device")
    assert (await browser.submit("/device", {**fields, "answer": "decline"})).status_code == 200
    assert (await browser.submit("/device", {**fields, "answer": "approve"})).status_code == 400


async def test_polling_too_fast_slows_down_by_five_seconds_each_time(browser: Browser, world: PeopleWorld) -> None:
    client = await register(browser)
    code = (await start(browser, client))["deviceCode"]
    told = []
    for seconds in (0, 1, 5, 15, 14):
        world.clock.move(seconds=seconds)
        told.append(refused(await poll(browser, client, code)))
    assert told == [PENDING, SLOW, SLOW, PENDING, SLOW]


async def test_a_code_lives_ten_minutes(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    started = await start(browser, client)
    world.clock.move(minutes=10)
    assert refused(await poll(browser, client, started["deviceCode"])) == (
        400,
        "ExpiredTokenException",
        "expired_token",
    )
    assert (await browser.get("/device", params={"user_code": started["userCode"]})).status_code == 400


async def test_of_twenty_who_redeem_at_once_one_wins(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    started = await start(browser, client)
    await approve(browser, started["userCode"])
    answers = await asyncio.gather(*(poll(browser, client, started["deviceCode"]) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200, *[400] * 19]


async def test_another_clients_device_code_is_refused(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    started = await start(browser, await register(browser))
    await approve(browser, started["userCode"])
    assert refused(await poll(browser, await register(browser), started["deviceCode"])) == INVALID


async def test_after_a_wrong_code_the_field_is_there_again_and_empty(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    code = (await start(browser, client))["userCode"]
    fields = form_of(await browser.get("/device", params={"user_code": code}), "/device")
    await browser.submit("/device", {**fields, "answer": "approve"})

    typed = await browser.get("/device", params={"user_code": "BBBB-BBBB"})
    answered = await browser.submit("/device", {**fields, "answer": "approve"})

    for page in (typed, answered):
        assert page.status_code == 400
        assert (
            '<p class="warning" role="alert">No request waits under this code; check it, or begin again.' in page.text
        )
        assert 'name="user_code"' in page.text
        assert "BBBB" not in page.text
        assert code not in page.text


async def test_guessing_user_codes_is_stopped(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    started = await start(browser, client)
    for _ in range(10):
        assert (await browser.get("/device", params={"user_code": "BBBB-BBBB"})).status_code == 400
    assert (await browser.get("/device", params={"user_code": started["userCode"]})).status_code == 429


@pytest.mark.parametrize("answer", ["approve", "decline"])
async def test_guessing_user_codes_by_the_form_is_stopped(browser: Browser, world: PeopleWorld, answer: str) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    started = await start(browser, client)
    fields = form_of(await browser.get("/device", params={"user_code": started["userCode"]}), "/device")
    for _ in range(10):
        wrong = {**fields, "user_code": "BBBB-BBBB", "answer": answer}
        assert (await browser.submit("/device", wrong)).status_code == 400
    assert (await browser.submit("/device", {**fields, "answer": answer})).status_code == 429


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1.evil/cb",
        "http://127.0.0.1@evil/cb",
        "http://user@127.0.0.1/cb",
        "http://127.0.0.1/cb#fragment",
        "http://127.0.0.1/cb?query=1",
        "https://evil.example/cb",
        "http://127.0.0.1:99999/cb",
        "http://[::1]evil/cb",
        "http://localhost.evil/cb",
        "http://127.0.0.1\\@evil/cb",
        "javascript:alert(1)",
    ],
)
async def test_only_loopback_addresses_are_registered(uri: str, browser: Browser) -> None:
    answer = await call(browser, "client/register", clientName="c", clientType="public", redirectUris=[uri])
    assert refused(answer) == (400, "InvalidRedirectUriException", "invalid_redirect_uri")


@pytest.mark.parametrize("changed", [{"clientSecret": "x"}, {"clientId": "x"}, {"clientId": "A" * 100}])
async def test_an_unknown_client_is_refused(changed: dict[str, str], browser: Browser) -> None:
    client = {**await register(browser), **changed}
    answer = await call(browser, "device_authorization", **client, startUrl=URL)
    assert refused(answer) == (401, "InvalidClientException", "invalid_client")


async def test_a_registration_ends_after_ninety_days(browser: Browser, world: PeopleWorld) -> None:
    client = await register(browser)
    world.clock.move(days=90)
    assert (await call(browser, "device_authorization", **client, startUrl=URL)).status_code == 401


@pytest.mark.parametrize(
    ("url", "status"),
    [
        (URL, 200),
        (f"{URL}/start", 200),
        ("https://gateway.invalid.awsapps.com/start", 200),
        ("https://other.awsapps.com/start", 400),
        ("https://evil.example/start", 400),
    ],
)
async def test_the_start_url_is_this_portals(url: str, status: int, browser: Browser) -> None:
    client = await register(browser)
    assert (await call(browser, "device_authorization", **client, startUrl=url)).status_code == status


async def test_start_leads_people_to_the_portal_and_the_aws_cli_to_a_host_of_its_kind(browser: Browser) -> None:
    assert (await browser.get("/start")).headers["location"] == "/portal"
    head = await browser.head("/start")
    assert (head.status_code, head.headers["location"]) == (302, "https://gateway.invalid.awsapps.com/start")


def authorization(client: dict[str, str], **changed: str | None) -> dict[str, str]:
    asked = {
        "response_type": "code",
        "client_id": client["clientId"],
        "redirect_uri": CALLED_BACK,
        "state": "the-state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "scopes": "sso:account:access",
        **changed,
    }
    return {name: value for name, value in asked.items() if value is not None}


async def code_of(browser: Browser, client: dict[str, str]) -> str:
    page = await browser.get("/authorize", params=authorization(client))
    assert "form-action 'self' http://127.0.0.1:41234" in page.headers["content-security-policy"]
    answer = await browser.submit("/authorize", {**form_of(page, "/authorize"), "answer": "approve"})
    address = urlsplit(answer.headers["location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == CALLED_BACK
    told = parse_qs(address.query)
    assert (told["state"], told["iss"]) == (["the-state"], [URL])
    return told["code"][0]


async def redeem(browser: Browser, client: dict[str, str], granted: str, **changed: str) -> httpx.Response:
    sent = {
        "grantType": "authorization_code",
        "code": granted,
        "redirectUri": CALLED_BACK,
        "codeVerifier": VERIFIER,
        **changed,
    }
    return await call(browser, "token", **client, **sent)


async def test_the_code_grant_gives_tokens_by_pkce(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    given = (await redeem(browser, client, await code_of(browser, client))).json()
    assert (await ask(browser, "assignment/accounts", given["accessToken"])).status_code == 200


async def test_a_second_use_of_a_code_ends_the_tokens_of_the_first(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    code = await code_of(browser, client)
    given = (await redeem(browser, client, code)).json()
    assert refused(await redeem(browser, client, code)) == INVALID
    assert refused(await ask(browser, "assignment/accounts", given["accessToken"])) == UNAUTHORIZED


@pytest.mark.parametrize(
    "changed",
    [
        {"codeVerifier": "w" * 43},
        {"codeVerifier": "v" * 42},
        {"codeVerifier": CHALLENGE},
        {"redirectUri": "http://127.0.0.1:1/oauth/callback"},
        {"code": "x" * 43},
    ],
    ids=["wrong verifier", "short verifier", "the challenge (plain)", "another redirect", "unknown code"],
)
async def test_a_code_that_does_not_hold_gives_nothing(
    changed: dict[str, str], browser: Browser, world: PeopleWorld
) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    code = await code_of(browser, client)
    assert refused(await redeem(browser, client, code, **changed)) == INVALID


async def test_a_code_is_no_other_clients_and_ends_after_a_minute(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    code = await code_of(browser, client)
    assert refused(await redeem(browser, await register(browser), code)) == INVALID
    world.clock.move(seconds=60)
    assert refused(await redeem(browser, client, code)) == INVALID


async def test_a_missing_verifier_is_refused(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    sent = {"grantType": "authorization_code", "code": await code_of(browser, client), "redirectUri": CALLED_BACK}
    assert refused(await call(browser, "token", **client, **sent))[1] == "InvalidRequestException"


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge": "short"},
        {"redirect_uri": "http://127.0.0.1.evil/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1/another/path"},
        {"redirect_uri": "http://localhost:41234/oauth/callback"},
        {"redirect_uri": None},
        {"client_id": "x"},
        {"response_type": "token"},
    ],
)
async def test_an_authorization_request_that_does_not_hold_sends_nobody_anywhere(
    changed: dict[str, str | None], browser: Browser, world: PeopleWorld
) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    answer = await browser.get("/authorize", params=authorization(client, **changed))
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_a_declined_authorization_is_told_to_the_client(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    client = await register(browser)
    page = await browser.get("/authorize", params=authorization(client))
    answer = await browser.submit("/authorize", {**form_of(page, "/authorize"), "answer": "decline"})
    told = parse_qs(urlsplit(answer.headers["location"]).query)
    assert told["error"] == ["access_denied"]
    assert "code" not in told


@pytest.mark.parametrize("state", ["x" * 1024, "a?b*c'(d)@!;,$ e%", "\u00e9\U0001f600"])
async def test_what_a_program_asks_is_kept_whole_while_the_person_signs_in(
    browser: Browser, world: PeopleWorld, state: str
) -> None:
    asked = authorization(await register(browser), state=state)
    # Characters of a query that a program need not escape come as they are.
    query = urlencode(asked, safe="?*'()@!;,$", quote_via=quote)

    first = await browser.get(f"/authorize?{query}")
    answer = await world.sign_in(browser, path=first.headers["location"].replace("/login?", "/login/workforce?"))

    address = urlsplit(answer.headers["location"])
    assert address.path == "/authorize"
    assert dict(parse_qsl(address.query)) == asked


async def test_what_is_too_long_to_be_kept_is_told_before_anybody_signs_in(
    browser: Browser, world: PeopleWorld
) -> None:
    client = await register(browser, *(f"http://127.0.0.1/{'a' * 270}{number}" for number in range(9)), REDIRECT)
    asked = authorization(client, state="s" * 200)
    assert len(urlencode(asked)) > 4_000

    refused = await browser.get("/authorize", params=asked)

    assert refused.status_code == 400
    assert "too long to be kept while you sign in; sign in first, then let the program ask again" in refused.text
    await world.sign_in(browser)
    assert (await browser.get("/authorize", params=asked)).status_code == 200


async def test_who_is_not_signed_in_signs_in_on_the_way_to_authorize(browser: Browser, world: PeopleWorld) -> None:
    client = await register(browser)
    first = await browser.get("/authorize", params=authorization(client))
    assert first.status_code == 303
    answer = await world.sign_in(browser, path=first.headers["location"].replace("/login?", "/login/workforce?"))
    assert answer.headers["location"].startswith("/authorize?response_type=code&client_id=")
    assert (await browser.get(answer.headers["location"])).status_code == 200


async def test_a_refresh_token_is_new_at_each_use_and_reuse_ends_the_family(
    browser: Browser, world: PeopleWorld
) -> None:
    client, first = await tokens(browser, world)
    second = (await refresh(browser, client, first)).json()
    assert second["refreshToken"] != first["refreshToken"]
    assert (await ask(browser, "assignment/accounts", second["accessToken"])).status_code == 200
    assert refused(await refresh(browser, client, first)) == INVALID
    assert refused(await refresh(browser, client, second)) == INVALID
    assert refused(await ask(browser, "assignment/accounts", second["accessToken"])) == UNAUTHORIZED
    first_refusal = next(event for event in world.events("CreateToken") if "errorCode" in event)
    assert "used before" in first_refusal["additionalEventData"]["cause"]


async def test_a_store_that_lost_the_last_refresh_makes_nobody_a_thief(browser: Browser, world: PeopleWorld) -> None:
    """After a failover the record may be older than a token that the person holds; nobody else can have made it."""
    client, first = await tokens(browser, world)
    families = world.gateway._state._records["token_family"]  # type: ignore[attr-defined]
    (kept,) = [entry.value for entry in families.entries.values()]
    second = (await refresh(browser, client, first)).json()
    for entry in families.entries.values():
        entry.value = kept

    third = (await refresh(browser, client, second)).json()

    assert (await ask(browser, "assignment/accounts", third["accessToken"])).status_code == 200
    assert refused(await refresh(browser, client, first)) == INVALID


async def test_a_store_that_goes_back_between_the_look_and_the_change_makes_nobody_a_thief(
    browser: Browser, world: PeopleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, first = await tokens(browser, world)
    store = world.gateway._state
    families = store._records["token_family"]  # type: ignore[attr-defined]
    (kept,) = [entry.value for entry in families.entries.values()]
    second = (await refresh(browser, client, first)).json()
    replace, calls = store.replace, itertools.count()

    async def after_a_failover(kind: str, key: str, old: bytes, new: bytes) -> bool:
        if kind == "token_family" and next(calls) == 0:
            for entry in families.entries.values():
                entry.value = kept
        return await replace(kind, key, old, new)

    monkeypatch.setattr(type(store), "replace", lambda _, *given: after_a_failover(*given))
    assert (await refresh(browser, client, second)).status_code == 200
    assert refused(await refresh(browser, client, second)) == INVALID


async def refresh(browser: Browser, client: dict[str, str], given: dict[str, Any]) -> httpx.Response:
    return await call(browser, "token", **client, grantType="refresh_token", refreshToken=given["refreshToken"])


async def test_another_client_refreshes_nothing(browser: Browser, world: PeopleWorld) -> None:
    client, given = await tokens(browser, world)
    assert refused(await refresh(browser, await register(browser), given)) == INVALID
    assert (await refresh(browser, client, given)).status_code == 200


async def test_tokens_end_with_the_sign_in_that_they_come_of(browser: Browser, world: PeopleWorld) -> None:
    client, given = await tokens(browser, world)
    for _ in range(12):
        world.clock.move(minutes=59)
        given = (await refresh(browser, client, given)).json()
    assert given["expiresIn"] == 12 * 60
    world.clock.move(minutes=12)
    assert refused(await ask(browser, "assignment/accounts", given["accessToken"])) == UNAUTHORIZED
    assert refused(await refresh(browser, client, given)) == INVALID


async def test_an_access_token_lives_an_hour(browser: Browser, world: PeopleWorld) -> None:
    _, given = await tokens(browser, world)
    world.clock.move(hours=1)
    assert refused(await ask(browser, "assignment/accounts", given["accessToken"])) == UNAUTHORIZED


async def test_logout_ends_the_family_and_leaves_the_browser(browser: Browser, world: PeopleWorld) -> None:
    client, given = await tokens(browser, world)
    answer = await browser.post("/sso/logout", headers={"x-amz-sso_bearer_token": given["accessToken"]})
    assert answer.status_code == 200
    assert refused(await ask(browser, "assignment/accounts", given["accessToken"])) == UNAUTHORIZED
    assert refused(await refresh(browser, client, given)) == INVALID
    assert (await browser.get("/portal")).status_code == 200


async def test_one_kind_of_token_is_not_another(browser: Browser, world: PeopleWorld) -> None:
    client, given = await tokens(browser, world)
    answer = await ask(browser, "federation/credentials", given["accessToken"], account_id=ACCOUNT, role_name="Analyst")
    session_token = answer.json()["roleCredentials"]["sessionToken"]
    for token in (given["refreshToken"], session_token, client["clientId"], "", "x", given["accessToken"][:-1]):
        assert refused(await ask(browser, "assignment/accounts", token)) == UNAUTHORIZED
    assert refused(await refresh(browser, client, {"refreshToken": given["accessToken"]})) == INVALID


async def test_every_prefix_of_an_access_token_is_refused(browser: Browser, world: PeopleWorld) -> None:
    _, given = await tokens(browser, world)
    token = given["accessToken"]
    for length in range(1, len(token), 11):
        assert (await ask(browser, "assignment/accounts", token[:length])).status_code == 401


async def test_accounts_and_roles_come_in_pages(browser: Browser, world: PeopleWorld) -> None:
    _, given = await tokens(browser, world)
    accounts = (await ask(browser, "assignment/accounts", given["accessToken"])).json()
    assert accounts == {"accountList": [{"accountId": ACCOUNT, "accountName": "lake"}]}
    token = given["accessToken"]
    first = (await ask(browser, "assignment/roles", token, account_id=ACCOUNT, max_result=1)).json()
    assert first["roleList"] == [{"accountId": ACCOUNT, "roleName": "Analyst"}]
    more = {"account_id": ACCOUNT, "max_result": 1, "next_token": first["nextToken"]}
    second = (await ask(browser, "assignment/roles", token, **more)).json()
    assert second == {"roleList": [{"accountId": ACCOUNT, "roleName": "Engineer"}]}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"account_id": ACCOUNT, "role_name": "Nothing"}, (403, "ForbiddenException", "ForbiddenException")),
        ({"account_id": "999999999999", "role_name": "Analyst"}, (403, "ForbiddenException", "ForbiddenException")),
        ({"account_id": "x", "role_name": "Analyst"}, (400, "InvalidRequestException", "InvalidRequestException")),
        ({"account_id": ACCOUNT}, (400, "InvalidRequestException", "InvalidRequestException")),
    ],
)
async def test_credentials_that_are_not_the_persons_are_refused(
    query: dict[str, str], told: tuple[int, str, str], browser: Browser, world: PeopleWorld
) -> None:
    _, given = await tokens(browser, world)
    assert refused(await ask(browser, "federation/credentials", given["accessToken"], **query)) == told


async def test_a_password_gives_tokens_to_a_terminal(browser: Browser, world: PeopleWorld) -> None:
    world.with_directory()
    sent = {"grantType": "urn:sts-gateway:password", "provider": "corp", "username": "alice", "password": "right"}
    given = (await call(browser, "token", **sent)).json()
    assert (await ask(browser, "assignment/accounts", given["accessToken"])).status_code == 200
    assert (await call(browser, "token", **{**sent, "password": "wrong"})).json()["error"] == "access_denied"
    assert (await call(browser, "token", **{**sent, "provider": "workforce"})).status_code == 400


async def test_wrong_passwords_are_throttled_as_the_forms(browser: Browser, world: PeopleWorld) -> None:
    world.with_directory()
    sent = {"grantType": "urn:sts-gateway:password", "provider": "corp", "username": "alice"}
    for _ in range(5):
        await call(browser, "token", **sent, password="wrong")
    assert (await call(browser, "token", **sent, password="right")).status_code == 400


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"clientName": "a", "clientName": "b", "clientType": "public"}', "application/json", 400),
        (b'{"clientName": "a", "clientname": "b", "clientType": "public"}', "application/json", 400),
        (b'{"clientName": "a", "clientType": "confidential"}', "application/json", 400),
        (b'{"clientName": "a\\u202e", "clientType": "public"}', "application/json", 400),
        (b'{"clientName": "a", "clientType": "public"}', "text/plain", 415),
        ('{"clientName": "a", "clientType": "public"}'.encode("utf-16"), "application/json", 400),
        (b'\xef\xbb\xbf{"clientName": "a", "clientType": "public"}', "application/json", 400),
        (b"x" * 70_000, "application/json", 413),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(body: bytes, kind: str, status: int, browser: Browser) -> None:
    answer = await browser.post("/sso-oidc/client/register", content=body, headers={"content-type": kind})
    assert answer.status_code == status


async def test_an_unknown_grant_is_refused_by_name(browser: Browser) -> None:
    client = await register(browser)
    answer = await call(browser, "token", **client, grantType="client_credentials")
    assert refused(answer) == (400, "UnsupportedGrantTypeException", "unsupported_grant_type")


async def test_a_wrong_method_says_which_is_right(browser: Browser) -> None:
    answer = await browser.get("/sso-oidc/token")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_one_address_cannot_fill_the_store(browser: Browser, world: PeopleWorld) -> None:
    client = await register(browser)
    for _ in range(300):
        await start(browser, client)
    answer = await call(browser, "device_authorization", **client, startUrl=URL)
    assert refused(answer) == (400, "SlowDownException", "slow_down")
    assert (await browser.get("/login/workforce")).status_code == 429
    world.clock.move(minutes=10)
    await start(browser, client)


async def test_the_aws_commands_registration_is_taken_and_another_issuers_is_not(browser: Browser) -> None:
    # What AWS CLI v2 sends before the code grant.
    asked = {
        "clientName": "botocore-client-gateway",
        "clientType": "public",
        "grantTypes": ["authorization_code", "refresh_token"],
        "redirectUris": [REDIRECT],
        "issuerUrl": "https://gateway.invalid.awsapps.com/start",
        "scopes": ["sso:account:access"],
    }
    assert (await call(browser, "client/register", **asked)).status_code == 200
    refusal = await call(browser, "client/register", **{**asked, "issuerUrl": "https://other.awsapps.com/start"})
    assert refusal.status_code == 400
    unknown = await call(browser, "client/register", **{**asked, "grantTypes": ["client_credentials"]})
    assert refused(unknown)[1] == "UnsupportedGrantTypeException"
