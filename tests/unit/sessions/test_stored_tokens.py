"""Tokens that an earlier release sealed open for ever; the files under `tests/vectors` are never made anew."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.domain.identifiers import role_id
from gateway.domain.principal import PrincipalType
from gateway.sealing import key_file
from gateway.sealing.envelope import Sealer
from gateway.sealing.keyring import Keyring
from gateway.sessions.authenticator import Authenticator, Claimant
from gateway.sessions.session_token import PURPOSE, TokenContent
from gateway.sessions.users import Users

STORED = json.loads((Path(__file__).parents[2] / "vectors" / "session_token_v1.json").read_text())
FIRST_VERSION = (
    "access_key_id", "secret_access_key", "session_id", "issued_at", "expires_at", "role_arn", "session_name",
    "provider", "subject", "user_name", "source_identity", "tags", "transitive_tag_keys", "condition_keys",
    "session_policies", "chain_depth",
)  # fmt: skip


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    (tmp_path / "keyring.json").write_text(json.dumps(STORED["keyring"]))
    (tmp_path / "keyring.json").chmod(0o600)
    return key_file.read(tmp_path / "keyring.json")


def opened(token: str, holds: dict[str, Any], keyring: Keyring) -> Claimant:
    sealer = Sealer(keyring, purpose=PURPOSE, realm=STORED["realm"])
    before_its_end = datetime.fromtimestamp(holds["expires_at"] - 1, UTC)
    return Authenticator(sealer, Users([])).claimant(holds["access_key_id"], token, before_its_end)


@pytest.mark.parametrize("stored", STORED["tokens"].values(), ids=STORED["tokens"])
def test_a_token_of_the_first_version_opens_and_means_the_same(stored: dict[str, Any], keyring: Keyring) -> None:
    holds = stored["holds"]

    claimant = opened(stored["token"], holds, keyring)

    principal, session = claimant.principal, claimant.session
    assert session is not None
    account, role_name = holds["role_arn"].split(":")[4], holds["role_arn"].rpartition("/")[2]
    assert claimant.secret_access_key == holds["secret_access_key"]
    assert claimant.user is None
    assert {
        "access_key_id": principal.access_key_id,
        "session_id": principal.session_id,
        "issued_at": principal.issued_at,
        "expires_at": principal.expires_at,
        "role_arn": principal.identity_arn,
        "session_name": principal.session_name,
        "provider": principal.provider,
        "subject": principal.subject,
        "user_name": principal.user_name,
        "source_identity": principal.source_identity,
        "tags": principal.tags,
        "condition_keys": {name: list(values) for name, values in principal.condition_keys.items()},
    } == {
        name: datetime.fromtimestamp(value, UTC) if name.endswith("_at") else value
        for name, value in holds.items()
        if name not in {"secret_access_key", "transitive_tag_keys", "session_policies", "chain_depth"}
    }
    assert principal.type is PrincipalType.ASSUMED_ROLE
    assert principal.arn == f"arn:aws:sts::{account}:assumed-role/{role_name}/{holds['session_name']}"
    assert principal.unique_id == f"{role_id(account, role_name)}:{holds['session_name']}"
    assert (principal.account, principal.role_name) == (account, role_name)
    assert (session.principal, session.role_arn) == (principal, holds["role_arn"])
    assert (session.issued_at, session.expires_at) == (principal.issued_at, principal.expires_at)
    assert session.transitive_tag_keys == set(holds["transitive_tag_keys"])
    assert session.chain_depth == holds["chain_depth"]
    told = [{"arn": policy.arn, "document": policy.document} for policy in session.session_policies]
    assert told == holds["session_policies"]


def test_fields_of_a_token_are_only_ever_added_at_the_end_and_with_a_default() -> None:
    fields = msgspec.structs.fields(TokenContent)

    assert tuple(field.name for field in fields[: len(FIRST_VERSION)]) == FIRST_VERSION
    assert all(not field.required for field in fields[len(FIRST_VERSION) :])
