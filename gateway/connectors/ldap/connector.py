"""One directory as a connector: the order of its checks, each of which stands elsewhere."""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from gateway.connectors.blocking import Deadline, run_blocking
from gateway.connectors.connector import AccountLookUp, Examination, Located
from gateway.connectors.ldap import account_state
from gateway.connectors.ldap.account_state import Refusal
from gateway.connectors.ldap.decoy import Decoy
from gateway.connectors.ldap.directory import Directory, DirectoryDown, ServiceAccount
from gateway.connectors.ldap.facts import FactFinder
from gateway.connectors.ldap.groups import Groups, Membership, TooManyGroups
from gateway.connectors.ldap.identity import DN_CLAIM, identity_of
from gateway.connectors.ldap.inspection import Inspection, inspect
from gateway.connectors.ldap.people import Nobody, People, Person
from gateway.connectors.ldap.servers import Servers
from gateway.connectors.ldap.session import Session
from gateway.connectors.ldap.settings import LdapSettings, is_loopback
from gateway.connectors.ldap.srv import ResolveSrv, resolve_srv
from gateway.connectors.ldap.templates import DnTemplate
from gateway.connectors.ldap.transport import tls_context
from gateway.connectors.ldap.typed import loose_throttle_key, throttle_key, typed_name, typed_password
from gateway.domain.arn import ldap_issuer
from gateway.domain.clock import Clock
from gateway.domain.errors import ProviderUnreachable, RejectedLogin
from gateway.domain.identity import Identity, ProviderType

T = TypeVar("T")

_LOG: Final = logging.getLogger(__name__)
_THREADS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt(Located):
    """A login under way: who was found, None where people bind by a template and nothing is known before."""

    found: Person | Nobody | None = field(repr=False)
    name: str
    password: str = field(repr=False)
    deadline: Deadline = field(repr=False)


class LdapConnector:
    """Checks names and passwords against one directory; a PasswordAuthenticator."""

    provider_type: Final = ProviderType.LDAP

    def __init__(
        self,
        *,
        name: str,
        settings: LdapSettings,
        clock: Clock,
        attributes: frozenset[str] = frozenset(),
        resolve: ResolveSrv = resolve_srv,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`attributes`: those that mappings, tags and trust policies name: what `claims` of an identity will hold.

        Raises ValueError, with the mend, where `ca_file` cannot be used.
        """
        self.name: Final = name
        self.issuer: Final = ldap_issuer(name)
        self.last_error: str | None = None
        """Why the directory could not be asked the last time it could not; None after a time that it could."""
        self._settings = settings
        self._clock = clock
        self._attributes = attributes
        self._monotonic = monotonic
        self._facts = FactFinder(monotonic)
        self._people = People(settings.users, attributes, self._facts)
        self._groups = Groups(settings.groups, self._facts, monotonic)
        self._template = DnTemplate(settings.user_dn_template) if settings.user_dn_template else None
        self._decoy = Decoy(settings.users.base or "")
        # Of its own: a directory that hangs holds these threads, and nobody else's.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=f"ldap-{name}")
        self._directory = Directory(
            servers=Servers(
                settings.server_urls,
                provider=name,
                start_tls=settings.start_tls,
                lookup_in_the_clear=settings.looked_up_in_the_clear,
                resolve=resolve,
                monotonic=monotonic,
            ),
            context=tls_context(settings.ca_file),
            service=_service_account(settings),
            timeouts=settings.timeouts,
            monotonic=monotonic,
        )

    async def start(self) -> None:
        """Say aloud what is not private; connections are made when somebody comes."""
        for server in self._settings.server_urls:
            bare = self._settings.looked_up_in_the_clear if server.lookup else not server.tls
            if bare and not self._settings.start_tls and not is_loopback(server.host):
                _LOG.warning(
                    "provider %s: passwords go to %s in the clear, since allow_plaintext says so",
                    self.name,
                    server.text,
                )

    async def aclose(self) -> None:
        self._directory.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def health(self) -> Mapping[str, str | datetime]:
        """The servers, those that are set aside, and the pool of connections."""
        aside = self._directory.servers.set_aside()
        told = "; ".join(f"{server} for {seconds} s more" for server, seconds in aside.items())
        return {
            "Servers": ", ".join(server.text for server in self._settings.server_urls),
            **({"Set aside after failures": told} if told else {}),
            "Connections ready": str(self._directory.idle),
        }

    async def authenticate(self, username: str, password: str) -> Identity:
        """Prove that `password` is that of the person whom `username` means: `locate`, then `prove`.

        Raises RejectedLogin, ProviderUnreachable.
        """
        return await self.prove(await self.locate(username, password))

    async def locate(self, username: str, password: str) -> Attempt:
        """Find whom `username` means, without yet asking about the password; somebody or nobody is not to be seen.

        An unusable password is refused before any socket opens. Raises RejectedLogin, ProviderUnreachable.
        """
        name = typed_name(username)
        typed_key = throttle_key(name) if self._template is None else loose_throttle_key(name)
        usable = typed_password(password, principal_key=typed_key)
        deadline = Deadline(self._settings.timeouts.login, self._monotonic)
        found = None if self._template is not None else await self._blocking(deadline, self._find, name, deadline)
        key = found.key if isinstance(found, Person) else typed_key
        return Attempt(
            typed_key=typed_key, principal_key=key, found=found, name=name, password=usable, deadline=deadline
        )

    async def prove(self, located: Attempt) -> Identity:
        """Ask the directory about the password, then about account and groups.

        For nobody a bind is made too, as long as one of somebody. Raises RejectedLogin, ProviderUnreachable.
        """
        if isinstance(located.found, Person):
            return await self._blocking(located.deadline, self._prove_person, located, located.found)
        if isinstance(located.found, Nobody):
            await self._blocking(located.deadline, self._bind_as_nobody, located)
            raise RejectedLogin(cause=located.found.cause, principal_key=located.principal_key)
        return await self._blocking(located.deadline, self._prove_by_template, located)

    @property
    def account_look_up(self) -> AccountLookUp | None:
        # People who bind by a template may be all that the gateway can read, each only their own entry.
        return None if self._template is not None or _service_account(self._settings) is None else self

    async def look_up(self, person: Identity) -> Identity:
        """Who somebody is now who proved a password before. Raises RejectedLogin, ProviderUnreachable."""
        deadline = Deadline(self._settings.timeouts.login, self._monotonic)
        return await self._blocking(deadline, self._known, person, deadline)

    async def inspect(self, username: str | None = None) -> Inspection:
        """What an operator wants to know before people come: servers, service account, and one person's groups."""
        name = None if username is None else typed_name(username)
        deadline = Deadline(self._settings.timeouts.login, self._monotonic)
        return await self._blocking(deadline, self._inspect, name, deadline)

    async def examine(self, username: str | None = None, /) -> Examination:
        """As `inspect`; who is found becomes an identity without a password, and a fault where they may not sign in."""
        try:
            found = await self.inspect(username)
        except RejectedLogin as refusal:
            return Examination(faults=(f"{username}: {refusal.cause}",))
        except ProviderUnreachable as fault:
            return Examination(faults=(fault.cause,))
        identity, faults = None, found.faults
        if found.person is not None and found.membership is not None:
            refused = account_state.of_entry(found.person.entry, self._clock.now())
            faults += () if refused is None else (f"{found.person.username} may not sign in: {refused.cause}",)
            identity = self._identified(found.person, found.membership)
        return Examination(answers=found.servers, faults=faults, lacks=found.lacks, identity=identity)

    async def _blocking(self, deadline: Deadline, function: Callable[..., T], *arguments: object) -> T:
        try:
            result = await run_blocking(self._threads, deadline, function, *arguments)
        except (DirectoryDown, TooManyGroups) as fault:
            cause = str(fault)
        except TimeoutError:
            cause = "the directory did not answer before the login's deadline"
        else:
            self.last_error = None
            return result
        if cause != self.last_error:
            _LOG.warning("provider %s: %s", self.name, cause)
        self.last_error = cause
        raise ProviderUnreachable(provider=self.name, cause=cause)

    def _find(self, name: str, deadline: Deadline) -> Person | Nobody:
        return self._directory.as_service(lambda session: self._people.find(session, name, deadline), deadline)

    def _prove_person(self, located: Attempt, person: Person) -> Identity:
        deadline = located.deadline
        begun = self._decoy.now()
        refusal = self._directory.unbound(
            lambda session: _bound(session, person.entry.dn, located.password, deadline), deadline
        )
        if refusal is not None:
            self._decoy.refused(begun, deadline)
            raise _rejected(refusal, located.principal_key)
        self._decoy.remember_taken(begun)
        return self._directory.as_service(lambda session: self._identity(session, located, person), deadline)

    def _bind_as_nobody(self, located: Attempt) -> None:
        begun = self._decoy.now()
        self._directory.unbound(
            lambda session: self._decoy.bind(session, located.password, located.deadline), located.deadline
        )
        self._decoy.wait(begun, located.deadline)

    def _prove_by_template(self, located: Attempt) -> Identity:
        """People bind by themselves: what they may read is all that is known of them."""
        template, deadline = self._template, located.deadline
        dn = template.filled(located.name) if template is not None else ""

        def use(session: Session) -> Identity:
            begun = self._decoy.now()
            refusal = _bound(session, dn, located.password, deadline)
            if refusal is not None:
                # Whether there is such a person is not known here: each refusal lasts as long as a bind that is taken.
                self._decoy.wait(begun, deadline)
                raise _rejected(refusal, located.principal_key)
            self._decoy.remember_taken(begun)
            return self._identity_at(session, located, dn)

        return self._directory.unbound(use, deadline)

    def _identity(self, session: Session, located: Attempt, before: Person) -> Identity:
        now = self._people.same(session, before, located.name, located.deadline)
        if isinstance(now, Nobody):
            raise RejectedLogin(cause=now.cause, principal_key=located.principal_key)
        return self._made(session, now, located.principal_key, located.deadline)

    def _identity_at(self, session: Session, located: Attempt, dn: str) -> Identity:
        person = self._people.read(session, dn, located.deadline)
        if isinstance(person, Nobody):
            raise RejectedLogin(cause=person.cause, principal_key=located.principal_key)
        return self._made(session, person, located.principal_key, located.deadline)

    def _known(self, person: Identity, deadline: Deadline) -> Identity:
        def use(session: Session) -> Identity:
            found = self._people.again(session, person.subject, str(person.claims.get(DN_CLAIM, "")), deadline)
            if isinstance(found, Nobody):
                raise RejectedLogin(cause=found.cause, principal_key=throttle_key(person.username))
            return self._made(session, found, found.key, deadline)

        return self._directory.as_service(use, deadline)

    def _made(self, session: Session, person: Person, principal_key: str, deadline: Deadline) -> Identity:
        refusal = account_state.of_entry(person.entry, self._clock.now())
        if refusal is not None:
            raise _rejected(refusal, principal_key)
        return self._identified(person, self._groups.of(session, person, deadline))

    def _identified(self, person: Person, membership: Membership) -> Identity:
        return identity_of(
            person,
            membership,
            provider=self.name,
            settings=self._settings.users,
            attributes=self._attributes,
            now=self._clock.now(),
        )

    def _inspect(self, name: str | None, deadline: Deadline) -> Inspection:
        return inspect(self._directory, self._settings, self._people, self._groups, name, deadline)


def _bound(session: Session, dn: str, password: str, deadline: Deadline) -> Refusal | None:
    """What a bind with the person's password leaves against them. Raises ServerFailed, TimeoutError."""
    return account_state.of_bind(session.bind(dn, password, deadline))


def _rejected(refusal: Refusal, principal_key: str) -> RejectedLogin:
    return RejectedLogin(cause=refusal.cause, principal_key=principal_key, account_state=refusal.sentence)


def _service_account(settings: LdapSettings) -> ServiceAccount | None:
    if settings.bind_dn is None or settings.bind_password is None:
        return None
    return ServiceAccount(settings.bind_dn, settings.bind_password.get_secret_value())
