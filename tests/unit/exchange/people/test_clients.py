"""A client's id is its registration, which anybody may write: it is read as strictly as a request to register."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidClient
from gateway.exchange.people.clients import LIFE, UNNAMED, known_client, may_return_to, proven_client, register
from gateway.exchange.people.context import fingerprint
from gateway.sealing import key_file
from gateway.sealing.key_file import new_key
from gateway.sealing.keyring import Keyring
from tests.fakes.gateway_world import START
from tests.unit.exchange.people.people_of_corp import AWAY, Corp

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
REDIRECT = "http://127.0.0.1/oauth/callback"
HONEST = {"n": "aws-cli", "r": [REDIRECT], "s": fingerprint("secret"), "e": int(NOW.timestamp()) + LIFE}


def written(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_what_was_registered_is_known_again_and_proven_by_its_secret() -> None:
    made = register("aws-cli", [REDIRECT], NOW)

    client = proven_client(made.client_id, made.client_secret, NOW + timedelta(days=89))

    assert client == known_client(made.client_id, NOW)
    assert (client.name, client.redirect_uris) == ("aws-cli", (REDIRECT,))
    assert may_return_to(client, "http://127.0.0.1:41234/oauth/callback")
    assert made.client_secret not in str(base64.b64decode(made.client_id + "==="))
    with pytest.raises(InvalidClient):
        known_client(made.client_id, NOW + timedelta(seconds=LIFE))


@pytest.mark.parametrize("secret", ["", "x", "\ud800", fingerprint("secret")])
def test_no_other_secret_is_its(secret: str) -> None:
    with pytest.raises(InvalidClient):
        proven_client(written(HONEST), secret, NOW)
    assert proven_client(written(HONEST), "secret", NOW)


STRANGE: dict[str, Any] = {
    "a list": [],
    "a text": "nrse",
    "a number": 7,
    "nothing": None,
    "no members": {},
    "a name that is none": {**HONEST, "n": 7},
    "an empty name": {**HONEST, "n": ""},
    "a long name": {**HONEST, "n": "x" * 101},
    "a name that turns the text around": {**HONEST, "n": "x\u202e"},
    "a lone surrogate in the name": {**HONEST, "n": "\ud800"},
    "an address elsewhere": {**HONEST, "r": ["http://evil.example/"]},
    "an address that is none": {**HONEST, "r": [7]},
    "addresses as one text": {**HONEST, "r": REDIRECT},
    "no fingerprint": {**HONEST, "s": None},
    "a fingerprint of other letters": {**HONEST, "s": "\u00e9"},
    "no end": {**HONEST, "e": None},
    "an end without end": {**HONEST, "e": 1e999},
    "an end that has come": {**HONEST, "e": int(NOW.timestamp())},
}


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
def test_an_id_that_was_never_given_is_refused(content: Any) -> None:
    with pytest.raises(InvalidClient):
        proven_client(written(content), "secret", NOW)


@pytest.mark.parametrize("client_id", ["", "x", "=", "A" * 100, "\ud800", "é", "W1tb" * 4_000, written(HONEST) + "!"])
def test_what_is_no_id_is_refused(client_id: str) -> None:
    with pytest.raises(InvalidClient):
        known_client(client_id, NOW)


@given(st.text(max_size=100) | st.binary(max_size=100).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_whatever_is_sent_is_read_or_refused(client_id: str) -> None:
    with pytest.raises(InvalidClient):
        known_client(client_id, NOW)


async def test_a_registration_outlives_the_keys_of_the_keyring(corp: Corp) -> None:
    client = corp.programs.register("aws-cli", [REDIRECT])
    path = corp.world.base.folder / "keyring.json"
    path.unlink()
    key_file.create(path, Keyring([new_key(now=START, seals_from=START)]))
    corp.world.gateway._keyring.follow()

    codes = await corp.programs.start_device(client.client_id, client.client_secret, AWAY)

    assert codes.user_code


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\u3164", UNNAMED),
        ("\u3164 \uffa0\u115f\u1160", UNNAMED),
        ("   ", UNNAMED),
        ("\u2800", UNNAMED),
        ("\U0001d159", UNNAMED),
        ("\ufe0f\u034f", UNNAMED),
        ("\U000e0100", UNNAMED),
        ("\u0301", UNNAMED),
        ("a\u3164", "a\u3164"),
        ("\ud504\ub85c\uadf8\ub7a8", "\ud504\ub85c\uadf8\ub7a8"),
        ("\u26f5", "\u26f5"),
        ("7", "7"),
        ("-", "-"),
    ],
)
def test_a_name_that_shows_nothing_is_told_as_none(name: str, shown: str) -> None:
    """A blank on the page that asks would be a program without any name."""
    made = register(name, [REDIRECT], NOW)

    assert known_client(made.client_id, NOW).name == shown
    assert proven_client(made.client_id, made.client_secret, NOW).name == shown
