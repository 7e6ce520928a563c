"""The last look at what will be told: no text of a secret leaves inside a fault."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from gateway.settings.faults import Fault

# Shorter texts occur in honest words; they are cut out only in the quotes in which values are told.
_SHORTEST: Final = 6
_HIDDEN: Final = "..."


def redacted(faults: Iterable[Fault], secrets: Collection[str]) -> tuple[Fault, ...]:
    """The faults in the order of files and lines, each once, with every secret text cut out."""
    told = (secret if len(secret) >= _SHORTEST else f"'{secret}'" for secret in secrets if secret)
    longest_first = sorted(told, key=len, reverse=True)
    clean = dict.fromkeys(_without(fault, longest_first) for fault in faults)
    return tuple(sorted(clean, key=lambda fault: (str(fault.file), fault.line)))


def _without(fault: Fault, secrets: Iterable[str]) -> Fault:
    message, key = fault.message, fault.key
    for secret in secrets:
        message, key = message.replace(secret, _HIDDEN), key.replace(secret, _HIDDEN)
    return fault if (message, key) == (fault.message, fault.key) else replace(fault, message=message, key=key)
