"""A provider's keys from a file, where nobody is asked for them."""

from pathlib import Path
from typing import Final

from gateway.connectors.oidc.key_set import KeySet, UnusableKeySet

_MAXIMUM_FILE: Final = 1_000_000


def key_set_in(path: Path) -> KeySet:
    """The keys of `jwks_file`. Raises ValueError with the mend."""
    try:
        with path.open("rb") as file:
            document = file.read(_MAXIMUM_FILE + 1)
    except OSError as fault:
        raise ValueError(f"jwks_file {path} cannot be read ({fault.strerror}); name a readable JWK Set") from None
    if len(document) > _MAXIMUM_FILE:
        raise ValueError(
            f"jwks_file {path} is larger than {_MAXIMUM_FILE} bytes; keep only the issuer's own keys in it"
        )
    try:
        return KeySet.read(document)
    except UnusableKeySet as fault:
        raise ValueError(f"jwks_file {path}: {fault}; save what the issuer's jwks_uri answers") from None
