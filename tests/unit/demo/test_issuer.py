"""The development issuer over HTTP: what it publishes, what it gives, and every refusal."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.connectors.oidc.connector import OidcConnector
from gateway.connectors.oidc.settings import OidcSettings
from gateway.connectors.registry import Registry
from gateway.demo.clock import DemoClock
from gateway.demo.issuer.codes import CODE_LIFE
from gateway.demo.issuer.token_endpoint import challenge_of
from gateway.demo.people import PEOPLE
from gateway.demo.relying_party import claims_of
from gateway.domain.errors import ExpiredIdentityToken
from gateway.domain.identity import Identity, UnverifiedToken
from tests.unit.demo.signing_in import (
    CLI,
    ISSUER,
    LEFT_OUT,
    PAGE,
    REDIRECT_URI,
    begun,
    chosen,
    code_for,
    id_token,
    redeemed,
    told,
)


async def verified(http: httpx.AsyncClient, clock: DemoClock, token: str, keys_file: Any) -> Identity:
    """What the gateway's own connector makes of a token, by the issuer's published keys."""
    keys_file.write_bytes((await http.get("/jwks")).content)
    settings = OidcSettings(
        type="oidc", issuer=ISSUER, audiences=("sts.amazonaws.com",), authorized_parties=("demo-cli",),
        jwks_file=keys_file,
    )  # fmt: skip
    connector = OidcConnector(name="demo", settings=settings, clock=clock)
    verifier, unverified = Registry([connector]).web_identity(UnverifiedToken(token))
    return await verifier.verify(unverified)


async def test_discovery_tells_what_is_there(http: httpx.AsyncClient) -> None:
    answer = await http.get("/.well-known/openid-configuration")

    told_there = answer.json()
    assert told_there["issuer"] == ISSUER
    assert told_there["code_challenge_methods_supported"] == ["S256"]
    assert told_there["response_types_supported"] == ["code"]
    assert told_there["id_token_signing_alg_values_supported"] == ["RS256"]
    assert told_there["token_endpoint_auth_methods_supported"] == ["none"]
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        assert told_there[name].startswith(f"{ISSUER}/")
        assert (await http.request("OPTIONS", told_there[name])).status_code == 405


async def test_the_key_set_holds_public_halves_alone(http: httpx.AsyncClient) -> None:
    [key] = (await http.get("/jwks")).json()["keys"]

    assert set(key) == {"kty", "n", "e", "use", "alg", "kid"}
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")


async def test_the_page_offers_every_person_and_carries_the_request(http: httpx.AsyncClient) -> None:
    attempt = begun()

    answer = await http.get("/authorize", params=attempt.authorization_parameters())

    assert answer.status_code == 200
    for person in PEOPLE.values():
        assert f'name="person" value="{person.name}"' in answer.text
    for name, value in attempt.authorization_parameters().items():
        assert f'name="{name}" value="{value}"' in answer.text


async def test_pages_hold_nothing_inline_and_are_not_kept(http: httpx.AsyncClient) -> None:
    answer = await http.get("/authorize", params=begun().authorization_parameters())

    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert policy.endswith("form-action 'self' http://127.0.0.1:45678")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.count("<script") == answer.text.count('<script src="/portal.js?v=') == 1
    assert "style=" not in answer.text
    assert (await http.get("/portal.css")).headers["content-type"].startswith("text/css")


async def test_a_parameter_is_shown_as_text(http: httpx.AsyncClient) -> None:
    hostile = '"><script>alert(1)</script>'

    answer = await http.get("/authorize", params={**begun().authorization_parameters(), "state": hostile})

    assert "<script>" not in answer.text
    assert "&quot;&gt;&lt;script&gt;" in answer.text


async def test_a_link_signs_nobody_in(http: httpx.AsyncClient) -> None:
    answer = await http.get("/authorize", params={**begun().authorization_parameters(), "person": "ana"})

    assert answer.status_code == 200
    assert answer.text.count('name="person"') == len(PEOPLE)


async def test_an_answer_without_a_known_person_gets_the_page_again(http: httpx.AsyncClient) -> None:
    answer = await chosen(http, begun(), "mallory")

    assert answer.status_code == 200
    assert "Who are you?" in answer.text


async def test_whoever_was_chosen_is_sent_back_with_code_state_and_issuer(http: httpx.AsyncClient) -> None:
    attempt = begun()

    answer = await chosen(http, attempt)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{REDIRECT_URI}?")
    assert answer.headers["cache-control"] == "no-store"
    assert set(told(answer)) == {"code", "state", "iss"}
    assert (told(answer)["state"], told(answer)["iss"]) == (attempt.state, ISSUER)


async def test_a_redirect_uri_keeps_its_own_query(http: httpx.AsyncClient) -> None:
    [uri] = PAGE.redirect_uris

    answer = await chosen(http, begun(), client_id=PAGE.client_id, redirect_uri=uri)

    assert answer.headers["location"].startswith(f"{uri}&code=")


@pytest.mark.parametrize("name", ["ana", "ben", "carla"])
async def test_the_gateways_connector_takes_the_token(
    name: str, http: httpx.AsyncClient, clock: DemoClock, tmp_path: Any
) -> None:
    identity = await verified(http, clock, await id_token(http, name), tmp_path / "keys.json")

    person = PEOPLE[name]
    assert (identity.subject, identity.email, identity.groups) == (name, person.email, frozenset(person.groups))
    assert identity.audience == "sts.amazonaws.com"
    assert identity.session_tags == person.tags
    assert identity.transitive_tag_keys == frozenset(person.tags)
    assert identity.authenticated_at == clock.now()
    assert identity.amr == ("pwd", "mfa")


async def test_a_token_ends_by_the_worlds_clock(http: httpx.AsyncClient, clock: DemoClock, tmp_path: Any) -> None:
    token = await id_token(http)

    clock.move(timedelta(hours=1, seconds=61))

    with pytest.raises(ExpiredIdentityToken):
        await verified(http, clock, token, tmp_path / "keys.json")


async def test_one_person_has_no_groups() -> None:
    assert [person.name for person in PEOPLE.values() if not person.groups] == ["carla"]


async def test_the_token_response_is_whole_and_not_kept(http: httpx.AsyncClient) -> None:
    attempt = begun()

    answer = await redeemed(http, attempt, await code_for(http, attempt))

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "id_token"}
    claims = claims_of(answer.json()["id_token"])
    assert claims["nonce"] == attempt.nonce
    assert claims["aud"] == ["sts.amazonaws.com", "demo-cli"]
    assert claims["azp"] == "demo-cli"
    assert claims["exp"] - claims["iat"] == answer.json()["expires_in"] == 3_600


async def test_a_request_without_nonce_gives_a_token_without_one(http: httpx.AsyncClient) -> None:
    attempt = begun()
    code = told(await chosen(http, attempt, nonce=LEFT_OUT))["code"]

    answer = await redeemed(http, attempt, code)

    assert "nonce" not in claims_of(answer.json()["id_token"])


OTHER_VERIFIER = "v" * 43
REFUSED_FORMS = {
    "no grant type": ({"grant_type": LEFT_OUT}, 400, "invalid_request", "grant_type is missing"),
    "another grant type": ({"grant_type": "password"}, 400, "unsupported_grant_type", "authorization_code"),
    "no client": ({"client_id": LEFT_OUT}, 400, "invalid_request", "client_id is missing"),
    "unknown client": ({"client_id": "mallory"}, 401, "invalid_client", "no client"),
    "another client": ({"client_id": PAGE.client_id}, 400, "invalid_grant", "another client"),
    "no code": ({"code": LEFT_OUT}, 400, "invalid_request", "code is missing"),
    "unknown code": ({"code": "guessed"}, 400, "invalid_grant", "unknown, used or older"),
    "no redirect URI": ({"redirect_uri": LEFT_OUT}, 400, "invalid_request", "redirect_uri is missing"),
    "another redirect URI": (
        {"redirect_uri": "http://127.0.0.1:45679/callback"}, 400, "invalid_grant", "redirect_uri differs",
    ),
    "no verifier": ({"code_verifier": LEFT_OUT}, 400, "invalid_request", "code_verifier is missing"),
    "another verifier": ({"code_verifier": OTHER_VERIFIER}, 400, "invalid_grant", "does not fit"),
    "the challenge as verifier": ({"code_verifier": "challenge"}, 400, "invalid_grant", "does not fit"),
    "a verifier outside ASCII": ({"code_verifier": "é" * 43}, 400, "invalid_grant", "does not fit"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "status", "error", "sentence"), REFUSED_FORMS.values(), ids=REFUSED_FORMS)
async def test_the_token_endpoint_refuses(
    changes: dict[str, str], status: int, error: str, sentence: str, http: httpx.AsyncClient
) -> None:
    attempt = begun()
    if changes.get("code_verifier") == "challenge":
        changes = {"code_verifier": challenge_of(attempt.code_verifier)}

    answer = await redeemed(http, attempt, await code_for(http, attempt), **changes)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert sentence in answer.json()["error_description"]
    assert answer.headers["cache-control"] == "no-store"


async def test_a_short_verifier_is_refused_though_its_hash_fits(http: httpx.AsyncClient) -> None:
    attempt = begun()
    code = told(await chosen(http, attempt, code_challenge=challenge_of("short")))["code"]

    answer = await redeemed(http, attempt, code, code_verifier="short")

    assert answer.json()["error"] == "invalid_grant"


async def test_a_code_serves_once(http: httpx.AsyncClient) -> None:
    attempt = begun()
    code = await code_for(http, attempt)

    first, second = await redeemed(http, attempt, code), await redeemed(http, attempt, code)

    assert (first.status_code, second.status_code) == (200, 400)
    assert second.json()["error"] == "invalid_grant"


async def test_a_failed_redeeming_uses_the_code_up(http: httpx.AsyncClient) -> None:
    attempt = begun()
    code = await code_for(http, attempt)
    await redeemed(http, attempt, code, code_verifier=OTHER_VERIFIER)

    answer = await redeemed(http, attempt, code)

    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(("after", "status"), [(CODE_LIFE - timedelta(seconds=1), 200), (CODE_LIFE, 400)])
async def test_a_code_lives_a_minute(after: timedelta, status: int, http: httpx.AsyncClient, clock: DemoClock) -> None:
    attempt = begun()
    code = await code_for(http, attempt)

    clock.move(after)

    assert (await redeemed(http, attempt, code)).status_code == status


BAD_BODIES = {
    "JSON": ("application/json", lambda form: json.dumps(dict(form)).encode()),
    "no content type": ("", lambda form: httpx.QueryParams(form).__str__().encode()),
    "a parameter twice": ("application/x-www-form-urlencoded", lambda form: f"{httpx.QueryParams(form)}&code=x".encode()),
    "broken UTF-8": ("application/x-www-form-urlencoded", lambda form: f"{httpx.QueryParams(form)}&x=%ff".encode()),
    "too long": ("application/x-www-form-urlencoded", lambda form: f"{httpx.QueryParams(form)}&x={'x' * 20_000}".encode()),
}  # fmt: skip


@pytest.mark.parametrize(("media_type", "body"), BAD_BODIES.values(), ids=BAD_BODIES)
async def test_the_token_endpoint_reads_plain_forms_alone(media_type: str, body: Any, http: httpx.AsyncClient) -> None:
    attempt = begun()
    form = attempt.token_parameters(await code_for(http, attempt))
    headers = {"Content-Type": media_type} if media_type else {}

    answer = await http.post("/token", content=body(form), headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_code_in_the_query_is_not_taken(http: httpx.AsyncClient) -> None:
    attempt = begun()
    parameters = attempt.token_parameters(await code_for(http, attempt))

    assert (await http.get("/token", params=parameters)).status_code == 405
    assert (await http.post("/token", params=parameters)).json()["error"] == "invalid_request"


SENT_BACK = {
    "no response type": ({"response_type": LEFT_OUT}, "invalid_request"),
    "implicit flow": ({"response_type": "id_token"}, "unsupported_response_type"),
    "fragment answers": ({"response_mode": "fragment"}, "invalid_request"),
    "no openid": ({"scope": "profile openid2"}, "invalid_scope"),
    "no PKCE": ({"code_challenge": LEFT_OUT, "code_challenge_method": LEFT_OUT}, "invalid_request"),
    "PKCE without a challenge": ({"code_challenge": LEFT_OUT}, "invalid_request"),
    "PKCE of no method, which is plain": ({"code_challenge_method": LEFT_OUT}, "invalid_request"),
    "plain PKCE": ({"code_challenge_method": "plain"}, "invalid_request"),
    "a challenge that is no hash": ({"code_challenge": "x" * 42}, "invalid_request"),
    "a padded challenge": ({"code_challenge": "x" * 43 + "="}, "invalid_request"),
    "no page": ({"prompt": "none"}, "login_required"),
    "a request object": ({"request": "e30."}, "request_not_supported"),
    "a request object elsewhere": ({"request_uri": "http://127.0.0.1/x"}, "request_uri_not_supported"),
    "a long nonce": ({"nonce": "n" * 257}, "invalid_request"),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("changes", "error"), SENT_BACK.values(), ids=SENT_BACK)
async def test_a_wrong_authorization_request_is_told_to_its_client(
    changes: dict[str, str], error: str, method: str, http: httpx.AsyncClient
) -> None:
    attempt = begun()
    sent = {**attempt.authorization_parameters(), **changes}

    if method == "GET":
        answer = await http.get("/authorize", params=sent)
    else:
        answer = await http.post("/authorize", data={**sent, "person": "ana"})

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{REDIRECT_URI}?")
    assert (told(answer)["error"], told(answer)["state"], told(answer)["iss"]) == (error, attempt.state, ISSUER)
    assert "code" not in told(answer)


ON_THE_PAGE = {
    "no client": {"client_id": LEFT_OUT},
    "unknown client": {"client_id": "mallory"},
    "no redirect URI": {"redirect_uri": LEFT_OUT},
    "another client's redirect URI": {"redirect_uri": PAGE.redirect_uris[0]},
    "another host": {"redirect_uri": "http://evil.example/callback"},
    "a longer host": {"redirect_uri": "http://127.0.0.1.evil.example/callback"},
    "a user name": {"redirect_uri": "http://127.0.0.1:80@evil.example/callback"},
    "https": {"redirect_uri": "https://127.0.0.1:45678/callback"},
    "another path": {"redirect_uri": "http://127.0.0.1:45678/callback/more"},
    "a path beside it": {"redirect_uri": "http://127.0.0.1:45678/../callback"},
    "a query": {"redirect_uri": "http://127.0.0.1:45678/callback?next=http://evil.example"},
    "a fragment": {"redirect_uri": "http://127.0.0.1:45678/callback#x"},
    "a line break": {"redirect_uri": "http://127.0.0.1:45678/callback\n"},
    "digits of another script": {"redirect_uri": "http://127.0.0.1:٣/callback"},
}


@pytest.mark.parametrize("changes", ON_THE_PAGE.values(), ids=ON_THE_PAGE)
async def test_an_unknown_client_or_address_is_sent_nowhere(changes: dict[str, str], http: httpx.AsyncClient) -> None:
    answer = await chosen(http, begun(), **changes)

    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "This sign-in cannot go on" in answer.text


async def test_a_redirect_uri_that_is_not_loopback_is_compared_whole(http: httpx.AsyncClient) -> None:
    [uri] = PAGE.redirect_uris

    answer = await chosen(http, begun(), client_id=PAGE.client_id, redirect_uri=uri.replace(":8080", ":8081"))

    assert answer.status_code == 400


async def test_a_parameter_that_stands_twice_is_sent_nowhere(http: httpx.AsyncClient) -> None:
    query = f"{httpx.QueryParams(begun().authorization_parameters())}&client_id={CLI.client_id}"

    answer = await http.get(f"/authorize?{query}")

    assert answer.status_code == 400
    assert "stands twice" in answer.text


async def test_an_answer_that_is_no_form_gets_a_page(http: httpx.AsyncClient) -> None:
    answer = await http.post("/authorize", json={"person": "ana"})

    assert answer.status_code == 400
    assert "no form" in answer.text


async def test_a_foreign_host_name_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.get("/.well-known/openid-configuration", headers={"Host": "rebound.evil.example"})

    assert answer.status_code == 400
