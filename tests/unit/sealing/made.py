"""Honest keys and keyrings, of which a case changes one thing."""

import functools
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from gateway.sealing.envelope import Sealer
from gateway.sealing.issuer_key import private_text
from gateway.sealing.keyring import Keyring, KeySource, SealingKey

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
MOMENT = NOW.timestamp()
HOUR = timedelta(hours=1)
REALM = "https://sts.example.com"


def key(name: str, *, seals_from: datetime = NOW, secret: bytes | None = None) -> SealingKey:
    """The key of this name: the same id and secret each time."""
    digest = sha256(name.encode()).digest()
    return SealingKey(key_id=digest[:8], secret=secret or digest, created_at=NOW - HOUR, seals_from=seals_from)


def keyring(*names: str) -> Keyring:
    """Keys by name, oldest first; the last one seals at NOW."""
    age = len(names)
    return Keyring([key(name, seals_from=NOW - (age - at) * HOUR) for at, name in enumerate(names)])


def sealer(keys: KeySource | None = None, *, purpose: str = "session", realm: str = REALM) -> Sealer:
    return Sealer(keys or keyring("old", "new"), purpose=purpose, realm=realm)


def document(**changed: Any) -> dict[str, Any]:
    """A keyring's file as JSON says it; `entry` changes its one key."""
    entry = {
        "id": "0123456789abcdef",
        "secret": "c2VjcmV0IGtleSBtYXRlcmlhbCBvZiAzMiBieXRlcyE=",
        "created_at": "2026-03-01T08:00:00Z",
        "seals_from": "2026-03-01T08:10:00Z",
    }
    return {"version": 1, "keys": [entry | changed.pop("entry", {})], **changed}


def issuer_document(**changed: Any) -> dict[str, Any]:
    """One issuer key as the file says it."""
    honest = {
        "id": "fedcba9876543210",
        "private_key": private_text(curve_key()),
        "created_at": "2026-03-01T08:00:00Z",
        "signs_from": "2026-03-01T08:10:00Z",
    }
    return honest | changed


@functools.cache
def curve_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


def written(path: Path, content: bytes | str | dict[str, Any]) -> Path:
    """The file with mode 0600."""
    if isinstance(content, dict):
        content = json.dumps(content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(0o600)
    return path
