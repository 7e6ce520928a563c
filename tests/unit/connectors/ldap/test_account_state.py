"""What the directory says of an account, and what of it the person may be told."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.ldap.account_state import (
    DISABLED,
    EXPIRED,
    MUST_CHANGE,
    NOT_HERE,
    NOT_NOW,
    TOO_OLD,
    is_computer,
    of_bind,
    of_entry,
)
from gateway.connectors.ldap.results import Answer, Code, Entry, guid_text, sid_in_domain

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"
TODAY = int(NOW.timestamp()) // 86_400


def said(code: str) -> Answer:
    message = f"80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {code}, v1db1"
    return Answer(code=Code.INVALID_CREDENTIALS, message=message)


def filetime(moment: datetime) -> str:
    return str(int((moment.timestamp() + 11_644_473_600) * 10_000_000))


SUBCODES = {
    "525": None,
    "52e": None,
    "530": NOT_NOW,
    "531": NOT_HERE,
    "532": TOO_OLD,
    "533": DISABLED,
    "701": EXPIRED,
    "773": MUST_CHANGE,
    # Active Directory says so before it looks at the password.
    "775": None,
    "999": None,
}


@pytest.mark.parametrize(("code", "sentence"), SUBCODES.items())
def test_active_directorys_reasons_are_known(code: str, sentence: str | None) -> None:
    refusal = of_bind(said(code))
    assert refusal is not None
    assert refusal.sentence == sentence
    assert f"data {code}" in refusal.cause


def test_a_reason_in_somebodys_own_words_is_not_believed() -> None:
    refusal = of_bind(Answer(code=Code.INVALID_CREDENTIALS, message="user data 533, sorry"))
    assert refusal is not None
    assert refusal.sentence is None


def control(value: object, code: int = Code.INVALID_CREDENTIALS) -> Answer:
    return Answer(code=code, controls={POLICY: value})


@pytest.mark.parametrize(
    ("value", "code", "sentence"),
    [
        (b"\x30\x03\x81\x01\x00", Code.INVALID_CREDENTIALS, TOO_OLD),
        (b"\x30\x03\x81\x01\x01", Code.INVALID_CREDENTIALS, None),
        (b"\x30\x03\x81\x01\x02", Code.SUCCESS, MUST_CHANGE),
        (b"\x30\x08\xa0\x03\x80\x01\x05\x81\x01\x02", Code.SUCCESS, MUST_CHANGE),
    ],
    ids=["expired", "locked", "must change", "must change, with a warning before"],
)
def test_the_policys_control_refuses(value: bytes, code: int, sentence: str | None) -> None:
    refusal = of_bind(control(value, code))
    assert refusal is not None
    assert refusal.sentence == sentence


@pytest.mark.parametrize(
    "value", [None, b"", b"\x30\x00", b"\x30\x05\xa0\x03\x80\x01\x05", {"x": 1}, b"\x30\x03\x81\x01"]
)
def test_a_control_that_refuses_nothing_leaves_a_success(value: object) -> None:
    assert of_bind(control(value, Code.SUCCESS)) is None


@given(st.binary(max_size=20))
def test_any_control_can_be_read(value: bytes) -> None:
    of_bind(control(value, Code.SUCCESS))


def test_the_control_of_389_ds_says_that_the_password_must_be_changed() -> None:
    refusal = of_bind(Answer(code=Code.SUCCESS, controls={"2.16.840.1.113730.3.4.4": b"0"}))
    assert refusal is not None
    assert refusal.sentence == MUST_CHANGE


@pytest.mark.parametrize("code", [Code.REFERRAL, Code.UNWILLING_TO_PERFORM, Code.NO_SUCH_OBJECT, 14, 4711])
def test_everything_but_success_is_a_refusal(code: int) -> None:
    refusal = of_bind(Answer(code=code, message="line\nbreak"))
    assert refusal is not None
    assert refusal.sentence is None
    assert "\n" not in refusal.cause


def entry(**attributes: str | bytes) -> Entry:
    return Entry(
        dn="uid=alice,dc=x",
        attributes={
            name.lower(): (value if isinstance(value, bytes) else value.encode(),) for name, value in attributes.items()
        },
    )


STATES: dict[str, tuple[dict[str, str], str | None]] = {
    "nothing known": ({}, None),
    "an ordinary account": ({"userAccountControl": "512", "accountExpires": "0", "pwdLastSet": "133"}, None),
    "never expires": ({"accountExpires": "9223372036854775807"}, None),
    "expires tomorrow": ({"accountExpires": filetime(NOW + timedelta(days=1))}, None),
    "expired": ({"accountExpires": filetime(NOW - timedelta(seconds=1))}, EXPIRED),
    "disabled": ({"userAccountControl": "514"}, DISABLED),
    "must change": ({"pwdLastSet": "0"}, MUST_CHANGE),
    "locked by 389-ds": ({"nsAccountLock": "true"}, DISABLED),
    "not locked by 389-ds": ({"nsAccountLock": "FALSE"}, None),
    "locked for good": ({"pwdAccountLockedTime": "000001010000Z"}, DISABLED),
    "locked once": ({"pwdAccountLockedTime": "20260101000000Z"}, None),
    "reset": ({"pwdReset": "TRUE"}, MUST_CHANGE),
    "shadow: expired": ({"shadowExpire": str(TODAY)}, EXPIRED),
    "shadow: expires tomorrow": ({"shadowExpire": str(TODAY + 1)}, None),
    "shadow: never": ({"shadowExpire": "-1"}, None),
    "shadow: must change": ({"shadowLastChange": "0"}, MUST_CHANGE),
    "shadow: old": ({"shadowLastChange": str(TODAY - 91), "shadowMax": "90"}, TOO_OLD),
    "shadow: old enough": ({"shadowLastChange": str(TODAY - 90), "shadowMax": "90"}, None),
    "shadow: without limit": ({"shadowLastChange": "1", "shadowMax": "-1"}, None),
    "no number": ({"shadowExpire": "x", "userAccountControl": "9" * 40}, None),
}


@pytest.mark.parametrize(("attributes", "sentence"), STATES.values(), ids=STATES)
def test_the_entry_tells_the_accounts_state(attributes: dict[str, str], sentence: str | None) -> None:
    refusal = of_entry(entry(**attributes), NOW)
    assert (refusal and refusal.sentence) == sentence
    assert (refusal is None) is (sentence is None)


@pytest.mark.parametrize(
    ("attributes", "computer"),
    [
        ({"objectClass": "Computer"}, True),
        ({"userAccountControl": str(0x1000)}, True),
        ({"userAccountControl": str(0x2000)}, True),
        ({"userAccountControl": str(0x0800)}, True),
        ({"userAccountControl": "512", "objectClass": "user"}, False),
    ],
)
def test_machines_and_domains_are_nobody(attributes: dict[str, str], computer: bool) -> None:
    assert is_computer(entry(**attributes)) is computer


def test_a_guid_reads_as_active_directory_writes_it() -> None:
    assert guid_text(bytes(range(16))) == "03020100-0504-0706-0809-0a0b0c0d0e0f"
    assert guid_text(b"short") is None


def test_the_primary_groups_sid_is_the_persons_with_another_end() -> None:
    sid = bytes.fromhex("010500000000000515000000aabbccdd11223344556677885004 0000".replace(" ", ""))
    changed = sid_in_domain(sid, 513)
    assert changed == sid[:-4] + (513).to_bytes(4, "little")
    assert sid_in_domain(sid[:-1], 513) is None
    assert sid_in_domain(b"", 513) is None
    assert sid_in_domain(sid, 2**32) is None


def test_a_value_that_is_no_text_is_none() -> None:
    one = entry(photo=b"\xff\xfe", name="a\0b", good="x")
    assert (one.texts("photo"), one.texts("name"), one.text("GOOD")) == ((), (), "x")
