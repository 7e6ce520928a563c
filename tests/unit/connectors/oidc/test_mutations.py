"""Tokens changed at random: none that was not signed exactly so is ever accepted."""

import base64
import json
import os
import random
import string
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.domain.errors import GatewayError
from gateway.domain.identity import UnverifiedToken
from tests.fakes.identity_provider import IdentityProvider, encode
from tests.unit.connectors.presenting import Connect, verify

MUTATIONS = 2_000 * int(os.environ.get("STS_TEST_SCALE", "1"))
LETTERS = string.ascii_letters + string.digits + "-_.=+/ \n\x00\xe9"
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    10**19,
    1.5,
    "",
    "none",
    "HS256",
    "RS256",
    "PS256",
    [],
    ["sts.amazonaws.com"],
    {},
]


def changed_text(token: str, dice: random.Random) -> str:
    """One to three letters put in, taken out, replaced, doubled or exchanged."""
    letters = list(token)
    for _ in range(dice.randint(1, 3)):
        at, other = dice.randrange(len(letters)), dice.randrange(len(letters))
        match dice.randrange(5):
            case 0:
                letters.insert(at, dice.choice(LETTERS))
            case 1:
                del letters[at]
            case 2:
                letters[at] = dice.choice(LETTERS)
            case 3:
                letters[at:at] = letters[at : at + dice.randint(1, 8)]
            case _:
                letters[at], letters[other] = letters[other], letters[at]
    return "".join(letters)


def changed_segments(token: str, dice: random.Random) -> str:
    """Segments cut, dropped, repeated or exchanged."""
    segments = token.split(".")
    match dice.randrange(4):
        case 0:
            dice.shuffle(segments)
        case 1:
            segments[dice.randrange(3)] = dice.choice(segments)
        case 2:
            at = dice.randrange(3)
            segments[at] = segments[at][: dice.randrange(len(segments[at]))]
        case _:
            segments.insert(dice.randrange(4), dice.choice(segments))
    return ".".join(segments)


def changed_members(token: str, dice: random.Random) -> str:
    """A member of header or payload set to something else, and the old signature kept."""
    segments = token.split(".")
    at = dice.randrange(2)
    members = json.loads(base64.urlsafe_b64decode(segments[at] + "=="))
    members[dice.choice([*members, "crit", "jwk", "azp", "nbf"])] = dice.choice(VALUES)
    segments[at] = encode(json.dumps(members).encode())
    return ".".join(segments)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_changed_token_is_never_accepted(connect: Connect, tmp_path: Path, algorithm: str) -> None:
    provider = IdentityProvider()
    provider.issuer = "https://login.example.com"
    provider.rotate("k1", algorithm)
    provider.rotate("k2", algorithm, keep=True)
    document: Any = {"keys": provider.public_keys()}
    (tmp_path / "jwks.json").write_text(json.dumps(document))
    connector = connect(provider, jwks_file=tmp_path / "jwks.json", algorithms=ALGORITHMS)
    peer = KeySet.import_key_set(document)
    honest = provider.token(provider.claims(groups=["analysts"], email="alice@example.com"))
    expected = await verify(connector, honest)
    assert jwt.decode(honest, peer, algorithms=ALGORITHMS).claims["sub"] == expected.subject
    dice = random.Random(algorithm)
    changed = 0
    for _ in range(MUTATIONS // len(ALGORITHMS)):
        token = dice.choice([changed_text, changed_segments, changed_members])(honest, dice)
        if token != honest:
            changed += 1
            with pytest.raises(GatewayError):
                await verify(connector, UnverifiedToken(token))
    assert changed > MUTATIONS // len(ALGORITHMS) // 2
    assert await verify(connector, honest) == expected


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_what_is_accepted_here_is_accepted_by_the_library_alone(
    connect: Connect, tmp_path: Path, algorithm: str
) -> None:
    """Signed anew after each change: this reading may be stricter than joserfc's, never laxer, never other claims."""
    provider = IdentityProvider()
    provider.issuer = "https://login.example.com"
    provider.rotate("k1", algorithm)
    document: Any = {"keys": provider.public_keys()}
    (tmp_path / "jwks.json").write_text(json.dumps(document))
    connector = connect(provider, jwks_file=tmp_path / "jwks.json", algorithms=ALGORITHMS)
    peer = KeySet.import_key_set(document)
    dice = random.Random(algorithm)
    accepted = 0
    for _ in range(MUTATIONS // 20):
        claims = provider.claims(amr=["mfa"], auth_time=1)
        if dice.random() < 0.9:
            claims[dice.choice([*claims, "azp", "nbf"])] = dice.choice(VALUES)
        payload = json.dumps(claims)
        if dice.random() < 0.3:
            at = dice.randrange(len(payload))
            payload = payload[:at] + dice.choice(string.printable) + payload[at + dice.randrange(2) :]
        token = provider.token(payload.encode())
        try:
            identity = await verify(connector, token)
        except GatewayError:
            continue
        accepted += 1
        assert jwt.decode(token, peer, algorithms=ALGORITHMS).claims == identity.claims
    assert accepted > 0
