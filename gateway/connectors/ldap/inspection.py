"""What `check --live` asks of a directory: does each server answer, what can the service account not see."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap.directory import Directory, DirectoryDown
from gateway.connectors.ldap.filters import Present
from gateway.connectors.ldap.groups import Groups, Membership, TooManyGroups
from gateway.connectors.ldap.people import Nobody, People, Person
from gateway.connectors.ldap.results import Answer, Code
from gateway.connectors.ldap.session import Session
from gateway.connectors.ldap.settings import GroupSettings, LdapSettings
from gateway.connectors.ldap.transport import Server, ServerFailed
from gateway.domain.directory_names import comparable

Opened = Callable[[Server, Deadline], Session]

_BY_THEMSELVES: Final = "people bind by user_dn_template: without a password nobody can be looked up"
_UNIQUE: Final = ("entryUUID", "objectGUID", "nsUniqueId", "ipaUniqueID")
_NO_UNIQUE: Final = (
    "neither entryUUID nor objectGUID can be read: a person who is renamed becomes another one; "
    "let the service account read it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found. `faults` keep people from signing in; `lacks` is what works and will disappoint.

    `person` and `membership` are those of the name that was asked for, None where there is none.
    """

    servers: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    person: Person | None = None
    membership: Membership | None = None


def inspect(
    directory: Directory, settings: LdapSettings, people: People, groups: Groups, name: str | None, deadline: Deadline
) -> Inspection:
    """Ask every server, not only the first that answers; then the first about bases, attributes and the person.

    Raises TimeoutError.
    """
    if settings.bind_dn is None:
        answering, faults = _servers(directory, directory.opened_as_nobody, deadline)
        return Inspection(servers=answering, faults=faults, lacks=(_BY_THEMSELVES,))
    answering, faults = _servers(directory, directory.opened_as_service, deadline)
    if not answering:
        return Inspection(faults=faults)
    try:
        seen = directory.as_service(lambda session: _seen(session, settings, people, groups, name, deadline), deadline)
    except (DirectoryDown, TooManyGroups) as fault:
        return Inspection(servers=answering, faults=(*faults, str(fault)))
    return Inspection(
        servers=answering,
        faults=(*faults, *seen.faults),
        lacks=seen.lacks,
        person=seen.person,
        membership=seen.membership,
    )


def _servers(directory: Directory, opened: Opened, deadline: Deadline) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Servers that can be used, and why the others cannot."""
    answering, faults = [], []
    try:
        known = directory.servers.known()
    except ServerFailed as fault:
        return (), (str(fault),)
    for server in known:
        problem = _problem(opened, server, deadline)
        if problem is None:
            answering.append(str(server))
        else:
            faults.append(problem)
    return tuple(answering), tuple(faults)


def _problem(opened: Opened, server: Server, deadline: Deadline) -> str | None:
    try:
        opened(server, deadline).close()
    except ServerFailed as fault:
        return f"{fault}; start it, or correct servers and ca_file"
    except DirectoryDown as fault:
        return f"{fault}; correct bind_dn, bind_password or servers"
    return None


def _seen(
    session: Session, settings: LdapSettings, people: People, groups: Groups, name: str | None, deadline: Deadline
) -> Inspection:
    """What a session of the service account sees. Raises DirectoryDown, TooManyGroups, ServerFailed, TimeoutError."""
    faults, lacks = [], []
    base = settings.users.base or ""
    sample = session.search(
        base, Present(attribute=settings.users.username).encoded({}), people.attributes, deadline, most=1
    )
    faults += _of_base(sample, f"users.base {base}", f"no entry with {settings.users.username} under it")
    lacks += [_NO_UNIQUE for one in sample.entries if not any(one.raw(name) for name in _UNIQUE)]
    if settings.groups is not None:
        faults += _of_groups(session, settings.groups, deadline)
    else:
        lacks.append("groups is not set: only the DNs of memberOf count, and no names")
    if name is None or faults:
        return Inspection(faults=tuple(faults), lacks=tuple(lacks))
    person = people.find(session, name, deadline)
    if isinstance(person, Person):
        person = people.same(session, person, name, deadline)
    if isinstance(person, Nobody):
        return Inspection(faults=(f"{name}: {person.cause}",), lacks=tuple(lacks))
    membership = groups.of(session, person, deadline)
    return Inspection(lacks=tuple(lacks), person=person, membership=membership)


def _of_groups(session: Session, settings: GroupSettings, deadline: Deadline) -> list[str]:
    sample = session.search(
        settings.base, Present(attribute=settings.name).encoded({}), (settings.name,), deadline, most=2
    )
    nothing = f"no entry with {settings.name} under it"
    others = tuple(one for one in sample.entries if comparable(one.dn) != comparable(settings.base))
    if sample.succeeded and not others:
        return [
            f"groups.base {settings.base}: {nothing} can be read; correct it, or let the service account read groups"
        ]
    return _of_base(sample, f"groups.base {settings.base}", nothing)


def _of_base(answer: Answer, base: str, nothing: str) -> list[str]:
    if answer.code not in {Code.SUCCESS, Code.SIZE_LIMIT_EXCEEDED}:
        return [f"{base} cannot be searched: {answer.told}; correct it, or let the service account read it"]
    return [] if answer.entries else [f"{base}: {nothing} can be read; correct it, or let the service account read it"]
