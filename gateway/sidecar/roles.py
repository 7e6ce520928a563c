"""The roles that a sidecar serves: how each is written, where it is found, and what it holds."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.client.held import HeldCredentials

_ARN: Final = re.compile(r"arn:aws:iam::([0-9]{12}):role/(?:[!-~]*/)?([\w+=,.@-]{1,64})", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


class UnusableRole(ValueError):
    """A `--role-arn` that cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A role that is asked for. `name`: None for the one at `/v1/credentials` itself."""

    name: str | None
    arn: str
    account: str
    role_name: str

    @property
    def imds_name(self) -> str:
        """What IMDS calls it."""
        return self.name or self.role_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A role that is served. `imds_name`: what IMDS calls it; `hurry`: asks for a look at what is held."""

    name: str | None
    imds_name: str
    account: str
    held: HeldCredentials
    hurry: Callable[[], None]

    @property
    def shown(self) -> str:
        """For logs and probes."""
        return self.name or "default"


def wanted(words: Sequence[str]) -> tuple[Wanted, ...]:
    """The roles of `ARN` and `NAME=ARN`. Raises UnusableRole."""
    roles = tuple(map(_wanted, words))
    if any(len(set(names)) < len(roles) for names in ([one.name for one in roles], [one.imds_name for one in roles])):
        raise UnusableRole("--role-arn: each name once, and one role without a name: write NAME=ARN")
    return roles


def _wanted(word: str) -> Wanted:
    # An ARN may hold an equals sign itself.
    name, arn = (None, word) if word.startswith("arn:") else (word.partition("=")[0], word.partition("=")[2])
    found = _ARN.fullmatch(arn)
    if found is None or (name is not None and not _NAME.fullmatch(name)):
        raise UnusableRole(f"--role-arn {word}: write arn:aws:iam::ACCOUNT:role/NAME, or NAME=ARN")
    return Wanted(name=name, arn=arn, account=found[1], role_name=found[2])
