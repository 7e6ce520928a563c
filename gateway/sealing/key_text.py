"""A keyring as text: strict JSON, in which nothing is guessed and of which no fault shows a key.

{"version": 1, "keys": [{"id": "<16 hex digits>", "secret": "<base64, 32 bytes>",
                         "created_at": "2026-01-31T08:00:00Z", "seals_from": "2026-01-31T08:10:00Z"}, ...],
 "issuer_keys": [{"id": "<16 hex digits>", "private_key": "<base64, PKCS #8>",
                  "created_at": "2026-01-31T08:00:00Z", "signs_from": "2026-01-31T08:10:00Z"}, ...]}

`issuer_keys` may be absent: keyrings from before the gateway was an issuer have none.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from gateway.sealing.issuer_key import ISSUER_KEY_ID_BYTES, IssuerKey, private_text, read_private_key
from gateway.sealing.keyring import KEY_ID_BYTES, SECRET_BYTES, Keyring, SealingKey

FORMAT_VERSION: Final = 1
MAXIMUM_KEYS: Final = 1000
MAXIMUM_ISSUER_KEYS: Final = 100

_MEMBERS: Final = ("id", "secret", "created_at", "seals_from")
_ISSUER_MEMBERS: Final = ("id", "private_key", "created_at", "signs_from")


def parse(content: bytes) -> Keyring:
    """The keyring that a text describes. Raises ValueError, whose text names the fault and never shows a key."""
    try:
        document = json.loads(content.decode("utf-8"), object_pairs_hook=_unique_members)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ValueError("not JSON") from None  # the error's own text may quote its surroundings, which may be a key
    except RecursionError as error:
        raise ValueError(str(error)) from None
    version = document.get("version") if isinstance(document, dict) else None
    if type(version) is not int or version != FORMAT_VERSION:  # true is an int, and 1
        raise ValueError(f'"version" must be {FORMAT_VERSION}')
    if set(document) - {"issuer_keys"} != {"version", "keys"}:
        raise ValueError('the file holds "version", "keys" and perhaps "issuer_keys", nothing else')
    keys = _entries(document, "keys", MAXIMUM_KEYS)
    issuer_keys = _entries(document, "issuer_keys", MAXIMUM_ISSUER_KEYS) if "issuer_keys" in document else []
    return Keyring([_key(entry) for entry in keys], [_issuer_key(entry) for entry in issuer_keys])


def rendered(keyring: Keyring) -> str:
    """The text of a keyring; `parse` gives the same one back."""
    document: dict[str, Any] = {"version": FORMAT_VERSION, "keys": [_rendered(key) for key in keyring.keys]}
    if keyring.issuer_keys:
        document["issuer_keys"] = [_rendered_issuer(key) for key in keyring.issuer_keys]
    return f"{json.dumps(document, indent=2)}\n"


def _unique_members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice in one object")
    return members


def _entries(document: Mapping[str, Any], member: str, maximum: int) -> list[Any]:
    entries = document[member]
    if not isinstance(entries, list) or not 1 <= len(entries) <= maximum:
        raise ValueError(f'"{member}" must be a list of 1 to {maximum} keys')
    return entries


def _key(entry: object) -> SealingKey:
    texts = _texts(entry, "key", _MEMBERS)
    try:
        key_id = bytes.fromhex(texts["id"])
        secret = base64.b64decode(texts["secret"], validate=True)
    except (ValueError, binascii.Error):
        raise ValueError("a key's id is hexadecimal and its secret base64") from None
    if len(key_id) != KEY_ID_BYTES or len(secret) != SECRET_BYTES:
        raise ValueError(f"a key's id has {KEY_ID_BYTES} bytes and its secret {SECRET_BYTES}")
    return SealingKey(
        key_id=key_id, secret=secret, created_at=_time(texts, "created_at"), seals_from=_time(texts, "seals_from")
    )


def _issuer_key(entry: object) -> IssuerKey:
    texts = _texts(entry, "issuer key", _ISSUER_MEMBERS)
    try:
        key_id = bytes.fromhex(texts["id"])
    except ValueError:
        key_id = b""
    if len(key_id) != ISSUER_KEY_ID_BYTES:
        raise ValueError(f"an issuer key's id is hexadecimal and has {ISSUER_KEY_ID_BYTES} bytes")
    return IssuerKey(
        key_id=key_id,
        private_key=read_private_key(texts["private_key"]),
        created_at=_time(texts, "created_at"),
        signs_from=_time(texts, "signs_from"),
    )


def _texts(entry: object, kind: str, members: Sequence[str]) -> dict[str, str]:
    if not isinstance(entry, dict) or set(entry) != set(members) or not all(isinstance(v, str) for v in entry.values()):
        raise ValueError(f"each {kind} has the texts {', '.join(members[:-1])} and {members[-1]}")
    return entry


def _time(entry: Mapping[str, str], member: str) -> datetime:
    try:
        return datetime.strptime(entry[member], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"a key's {member} is a time such as 2026-01-31T08:00:00Z") from None


def _rendered(key: SealingKey) -> dict[str, str]:
    return {
        "id": key.key_id.hex(),
        "secret": base64.b64encode(key.secret).decode("ascii"),
        "created_at": _written(key.created_at),
        "seals_from": _written(key.seals_from),
    }


def _rendered_issuer(key: IssuerKey) -> dict[str, str]:
    return {
        "id": key.key_id.hex(),
        "private_key": private_text(key.private_key),
        "created_at": _written(key.created_at),
        "signs_from": _written(key.signs_from),
    }


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
