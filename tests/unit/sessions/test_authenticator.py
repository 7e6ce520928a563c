"""Who signed: tokens and keys that hold, and the exact cause of each that does not."""

from collections import Counter

import pytest

from gateway.domain.clock import SteadyClock
from gateway.domain.errors import ExpiredSession, UnknownAccessKey
from gateway.sealing.envelope import SealBroken, Sealer
from gateway.sealing.keyring import Keyring, SealingKey
from gateway.sessions.authenticator import Authenticator
from gateway.sessions.session_token import PURPOSE, pack
from tests.unit.sessions.made import (
    CI,
    NOW,
    REALM,
    SECOND,
    authenticator,
    content,
    decoded,
    encoded,
    grant,
    keyring,
    mint,
    sealer,
)

SESSION, MINTED = mint(grant())
KEY, TOKEN = MINTED.access_key_id, MINTED.session_token
_, OTHER = mint(grant())
USERS_KEY = CI.access_keys[0].access_key_id
NEUTRAL = "The security token included in the request is invalid."
NOISE = "session token: changed, or sealed for another purpose or gateway"
FOREIGN_KEY = "session token: sealed with a key that is not in the keyring"


def sealed(**changed: object) -> str:
    return sealer().seal(pack(content(**changed)), now=NOW.timestamp())


def cause(access_key_id: str, session_token: str | None, asked: Authenticator | None = None) -> str:
    with pytest.raises(UnknownAccessKey) as caught:
        (asked or authenticator()).claimant(access_key_id, session_token, NOW)
    assert str(caught.value) == NEUTRAL
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.cause


def test_a_session_is_found_by_its_key_id_and_token() -> None:
    claimant = authenticator().claimant(KEY, TOKEN, NOW)

    assert claimant.session == SESSION
    assert claimant.principal == SESSION.principal
    assert claimant.secret_access_key == MINTED.secret_access_key
    assert claimant.user is None


@pytest.mark.parametrize("key", CI.access_keys, ids=lambda key: key.access_key_id)
def test_a_user_is_found_by_a_key_id_alone(key: object) -> None:
    access_key_id, secret = key.access_key_id, key.secret_access_key  # type: ignore[attr-defined]

    claimant = authenticator().claimant(access_key_id, None, NOW)

    assert claimant.user is CI
    assert claimant.secret_access_key == secret
    assert (claimant.principal.arn, claimant.principal.access_key_id) == (CI.arn, access_key_id)
    assert claimant.session is None


def test_a_claimant_shows_no_secret() -> None:
    assert MINTED.secret_access_key not in repr(authenticator().claimant(KEY, TOKEN, NOW))
    assert "first secret" not in repr(authenticator().claimant(USERS_KEY, None, NOW))


UNKNOWN: dict[str, tuple[str, str | None, str]] = {
    "no such long-lived key": ("AKIAIOSFODNN7NOTHERE", None, "no such key"),
    "no key id at all": ("", None, "no such key"),
    "a temporary key without its token": (KEY, None, "a temporary key without its session token"),
    "a user's key with a token": (USERS_KEY, TOKEN, "a session token came with a key that is not a temporary one"),
    "a user's key with an empty token": (USERS_KEY, "", "a session token came with a key that is not a temporary one"),
    "no key id with a token": ("", TOKEN, "a session token came with a key that is not a temporary one"),
    "an empty token": (KEY, "", "session token: shorter than any envelope"),
    "a token that is no base64url": (KEY, "a token!", "session token: not base64url"),
    "a token with padding": (KEY, TOKEN + "=", "session token: not canonical base64url"),
    "a JWT": (KEY, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.", "session token: not base64url"),
    "a token of AWS's own": (KEY, "IQoJb3JpZ2luX2VjE" * 40, "session token: of format version 33, which this gateway does not know"),
    "a token of 100,000 characters": (KEY, "A" * 100_000, "session token: longer than any envelope"),
    "the token of another key": (KEY, OTHER.session_token, "the session token belongs to another access key id"),
    "the key id in lower case": ("ASIA" + KEY[4:].lower(), TOKEN, "the session token belongs to another access key id"),
    "a prefix of the key id": (KEY[:-1], TOKEN, "the session token belongs to another access key id"),
    "another keyring's": (KEY, mint(grant(), sealed_by=sealer(keyring("f")))[1].session_token, FOREIGN_KEY),
    "another gateway's": (KEY, mint(grant(), sealed_by=sealer(realm="https://sts.example.org"))[1].session_token, NOISE),
    "an SSO access token": (KEY, mint(grant(), sealed_by=sealer(purpose="sso-access"))[1].session_token, NOISE),
    "a sealed role that cannot be": ("ASIAQAAAAAAAAAAAAAAA", sealed(role_arn="arn:aws:iam::1:role/x"), "the session token names a role that cannot be"),
}  # fmt: skip


@pytest.mark.parametrize(("access_key_id", "token", "told"), UNKNOWN.values(), ids=UNKNOWN)
def test_a_key_or_token_that_does_not_hold_is_told_alike_outside_and_exactly_inside(
    access_key_id: str, token: str | None, told: str
) -> None:
    assert cause(access_key_id, token) == told


def test_a_token_of_other_content_is_refused() -> None:
    token = sealer().seal(b"not a session", now=NOW.timestamp())

    assert cause(KEY, token).startswith("the session token's content cannot be read: ")


@pytest.mark.parametrize("purpose", ["browser-session", "sso-access", "sso-refresh", "login", "web-identity", ""])
def test_one_kind_of_sealed_value_is_never_another(purpose: str) -> None:
    other_kind = sealer(purpose=purpose)

    assert cause(KEY, other_kind.seal(pack(content(access_key_id=KEY)), now=NOW.timestamp())) == NOISE
    with pytest.raises(SealBroken):
        other_kind.open(TOKEN)


def test_a_token_with_any_bit_flipped_is_refused() -> None:
    whole = decoded(TOKEN)
    causes: Counter[str] = Counter()

    for position in range(len(whole)):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[position] ^= 1 << bit
            causes[cause(KEY, encoded(bytes(flipped))).partition(" version")[0]] += 1

    assert causes == {"session token: of format": 8, FOREIGN_KEY: 64, NOISE: 8 * (len(whole) - 9)}


def test_a_token_with_any_character_changed_or_left_out_is_refused() -> None:
    for position, character in enumerate(TOKEN):
        assert cause(KEY, TOKEN[:position] + ("A" if character != "A" else "B") + TOKEN[position + 1 :])
        assert cause(KEY, TOKEN[:position] + TOKEN[position + 1 :])


def test_every_prefix_of_a_token_is_refused() -> None:
    for length in range(len(TOKEN)):
        assert cause(KEY, TOKEN[:length])


def test_two_tokens_spliced_are_refused() -> None:
    one, other = decoded(TOKEN), decoded(OTHER.session_token)

    for position in range(9, len(one)):
        spliced = one[:position] + other[position:]
        if spliced not in (one, other):
            assert cause(KEY, encoded(spliced)) == NOISE


def test_a_key_id_never_gets_the_secret_of_another() -> None:
    """The signature made with another's secret then differs: what the claimant holds is the token's own."""
    found = authenticator().claimant(KEY, TOKEN, NOW)

    assert found.secret_access_key == MINTED.secret_access_key != OTHER.secret_access_key
    assert "another access key id" in cause(OTHER.access_key_id, TOKEN)


def test_a_token_of_a_retired_key_is_refused_and_of_an_older_key_is_not() -> None:
    (old,) = keyring("k").keys
    new = SealingKey(key_id=b"n" * 8, secret=b"n" * 32, created_at=NOW, seals_from=NOW + SECOND)

    assert authenticator(sealer(Keyring([old, new]))).claimant(KEY, TOKEN, NOW).session == SESSION
    assert cause(KEY, TOKEN, authenticator(sealer(Keyring([new])))) == FOREIGN_KEY


class TurnedKeys:
    """Keys that another keyring takes the place of, as a rotation does it."""

    def __init__(self, keys: Keyring) -> None:
        self.now = keys

    def key(self, key_id: bytes) -> SealingKey | None:
        return self.now.key(key_id)

    def sealing_key(self, now: float) -> SealingKey:
        return self.now.sealing_key(now)


def test_a_token_that_was_opened_is_refused_once_its_key_is_gone() -> None:
    turned = TurnedKeys(keyring("k"))
    remembering = authenticator(Sealer(turned, purpose=PURPOSE, realm=REALM))
    assert remembering.claimant(KEY, TOKEN, NOW) is remembering.claimant(KEY, TOKEN, NOW)

    (old,) = keyring("k").keys
    turned.now = Keyring([SealingKey(key_id=old.key_id, secret=b"n" * 32, created_at=NOW, seals_from=NOW)])
    assert cause(KEY, TOKEN, remembering) == NOISE
    turned.now = Keyring([SealingKey(key_id=b"n" * 8, secret=b"n" * 32, created_at=NOW, seals_from=NOW)])
    assert cause(KEY, TOKEN, remembering) == FOREIGN_KEY


def test_a_token_that_was_opened_opens_nothing_for_another_key_and_nothing_after_its_end() -> None:
    remembering = authenticator()
    remembering.claimant(KEY, TOKEN, NOW)

    assert "another access key id" in cause(OTHER.access_key_id, TOKEN, remembering)
    with pytest.raises(ExpiredSession):
        remembering.claimant(KEY, TOKEN, NOW + 3600 * SECOND)


def test_no_more_than_a_thousand_tokens_are_remembered() -> None:
    remembering = authenticator()
    for _ in range(1_010):
        _, minted = mint(grant())
        remembering.claimant(minted.access_key_id, minted.session_token, NOW)

    assert len(remembering._opened) == 1_000


@pytest.mark.parametrize("late", [0, 1, 10**9], ids=["at its very end", "a second later", "decades later"])
def test_a_session_that_ended_is_refused(late: int) -> None:
    with pytest.raises(ExpiredSession) as caught:
        authenticator().claimant(KEY, TOKEN, NOW + (3600 + late) * SECOND)

    assert caught.value.expired_at == NOW + 3600 * SECOND
    assert caught.value.cause == "the session ended at 2026-03-01T13:00:00Z"
    assert str(caught.value) == "The security token included in the request is expired"


def test_a_session_holds_to_the_moment_before_its_end() -> None:
    assert authenticator().claimant(KEY, TOKEN, NOW + 3600 * SECOND - SECOND / 10**6).session == SESSION


def test_an_expired_token_with_another_key_id_does_not_tell_that_it_expired() -> None:
    with pytest.raises(UnknownAccessKey):
        authenticator().claimant(OTHER.access_key_id, TOKEN, NOW + 7200 * SECOND)


def test_a_clock_stepped_back_under_a_running_worker_revives_no_session() -> None:
    wall, steady = [NOW.timestamp()], [0.0]
    clock = SteadyClock(wall=lambda: wall[0], monotonic=lambda: steady[0])
    for passed, told in [(3599, NOW.timestamp() + 3599), (3600, NOW.timestamp() + 3600)]:
        steady[0], wall[0] = passed, told
        clock.now()

    wall[0] = NOW.timestamp()

    with pytest.raises(ExpiredSession):
        authenticator().claimant(KEY, TOKEN, clock.now())


def test_a_users_key_never_expires() -> None:
    assert authenticator().claimant(USERS_KEY, None, NOW + 10**9 * SECOND).user is CI
