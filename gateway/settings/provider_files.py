"""What stands in the files of authorities and keys that providers name: `serve` would not start with another thing.

SAML's files have a module of their own.
"""

import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from gateway.settings.faults import Fault, fault_at
from gateway.settings.tree import Section, child, entries_of, text_of


def provider_file_faults(root: Section) -> Iterator[Fault]:
    """A fault for each file that is there and cannot be used; one that is not there is told by `paths`."""
    for name, provider in entries_of(child(root, "providers")).items():
        opened = _OPENED.get(text_of(child(provider.node, "type")) or "", {})
        for key, entry in entries_of(provider.node).items():
            file = text_of(entry.node)
            # A FIFO in a file's place would be waited for without end.
            if key not in opened or file is None or not os.path.isfile(file) or not os.access(file, os.R_OK):  # noqa: PTH113
                continue
            try:
                opened[key](Path(file))
            except ValueError as fault:
                yield fault_at(entry.place, f"providers.{name}.{key}", str(fault))


def _authorities(path: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except OSError:
        raise ValueError(f"no PEM certificate is in {path}; name the file of your CA's certificates") from None


def _keys(path: Path) -> None:
    from gateway.connectors.oidc.key_file import key_set_in  # noqa: PLC0415  most configurations name none

    key_set_in(path)


_OPENED: Final[Mapping[str, Mapping[str, Callable[[Path], None]]]] = {
    "oidc": {"ca_file": _authorities, "jwks_file": _keys},
    "ldap": {"ca_file": _authorities},
}
