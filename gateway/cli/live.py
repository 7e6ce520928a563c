"""`sts-gateway check --live`: asks the providers and the state store, looks at this machine's files and one person."""

import asyncio
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.cli.access import printable
from gateway.cli.faults import print_file_errors

if TYPE_CHECKING:
    from gateway.exchange.live_check import Found, Person
    from gateway.settings.configuration import Configuration

_SQLITE: Final = "sqlite:///"


class UnknownPerson(Exception):
    """`--user` names nobody who could be asked about; the message tells the mend."""


def check_live(
    path: Path, configuration: "Configuration", user: str | None, unusable: tuple[str, ...], *, strict: bool
) -> int:
    """Ask, and tell, the `unusable` files of this machine last.

    0: all answer; 1: faults, with `strict` warnings too; 2: `user` cannot be asked about.
    """
    # What the server would log of it is told as findings; without a handler Python prints it beside them.
    logging.getLogger("gateway").addHandler(logging.NullHandler())
    try:
        person = None if user is None else _person(user, configuration)
        found = asyncio.run(_found(configuration, person))
    except UnknownPerson as fault:
        print(f"sts-gateway check: {printable(str(fault))}", file=sys.stderr)
        return 2
    except ValueError as fault:
        print(f"{path}: error: {printable(str(fault))}", file=sys.stderr)
        return 1
    faults, warnings = _told(found)
    print_file_errors(path, unusable)
    faults += len(unusable)
    warnings += _told_person(configuration, found)
    if not faults and not (strict and warnings):
        return 0
    print(f"{path}: not in order: errors {faults}, warnings {warnings}", file=sys.stderr)
    return 1


def _person(user: str, configuration: "Configuration") -> "Person":
    """Raises UnknownPerson."""
    from gateway.exchange.live_check import Person
    from gateway.settings.faults import nearest, shown

    provider, slash, name = user.partition("/")
    if not slash or not name:
        raise UnknownPerson(f"--user {shown(user)} is no PROVIDER/NAME; write for instance corp-ad/alice")
    settings = configuration.providers.get(provider)
    if settings is None:
        raise UnknownPerson(f"--user: unknown provider {shown(provider)}{nearest(provider, configuration.providers)}")
    if settings.type != "ldap":
        message = f"--user: {provider} tells nobody who its people are; use explain with the claims of a token"
        raise UnknownPerson(message)
    return Person(provider=provider, name=name)


async def _found(configuration: "Configuration", person: "Person | None") -> "tuple[Found, ...]":
    """Raises ValueError: a file or an address of the configuration cannot be used."""
    from gateway.assembly.compose import connectors_of
    from gateway.domain.clock import SteadyClock
    from gateway.exchange.live_check import examined
    from gateway.state.open import open_state
    from gateway.state.store import UnusableStore

    clock = SteadyClock()
    providers = connectors_of(configuration, clock)
    state = configuration.gateway.state
    try:
        # To look would make a file that is then this user's and not the server's.
        store = None if _is_to_be_made(state) else open_state(state, clock)
    except UnusableStore as fault:
        raise ValueError(f"gateway.state: {fault}") from None
    try:
        return await examined(providers, store, person)
    finally:
        if store is not None:
            await store.aclose()
        for provider in providers:
            await provider.aclose()


def _is_to_be_made(state: str) -> bool:
    from gateway.cli.local_files import may_be_there

    return state.startswith(_SQLITE) and not may_be_there(Path(state.removeprefix(_SQLITE)))


def _told(found: "tuple[Found, ...]") -> tuple[int, int]:
    """How many errors and warnings were told; errors go to standard error."""
    for one in found:
        for answer in one.examination.answers:
            print(printable(f"{one.about}: {answer}"))
        for lack in one.examination.lacks:
            print(printable(f"{one.about}: warning: {lack}"))
        for fault in one.examination.faults:
            print(printable(f"{one.about}: error: {fault}"), file=sys.stderr)
    return sum(len(one.examination.faults) for one in found), sum(len(one.examination.lacks) for one in found)


def _told_person(configuration: "Configuration", found: "tuple[Found, ...]") -> int:
    """Whom `--user` means and what they would be granted; 1 where that is nothing."""
    from gateway.cli.explain import print_text
    from gateway.domain.clock import SteadyClock
    from gateway.exchange.explain import explain
    from gateway.roles.decision import AssumptionRequest
    from gateway.settings.compiled import catalog_of

    identity = next((one.examination.identity for one in found if one.examination.identity is not None), None)
    if identity is None:
        return 0
    roles = explain(catalog_of(configuration), identity, AssumptionRequest(), SteadyClock().now())
    print_text(identity, roles, [f"note: {note}" for note in identity.notes])
    if any(one.decision.allowed for one in roles):
        return 0
    print(printable(f"{identity.provider}: warning: no role follows for {identity.username}; add a mapping"))
    return 1
