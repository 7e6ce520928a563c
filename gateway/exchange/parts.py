"""What the use cases of one configuration work with; a reload makes another set and puts it in this one's place."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.connectors.registry import Registry
from gateway.domain.clock import Clock
from gateway.domain.service import Service
from gateway.exchange.auditing import AuditTrail
from gateway.exchange.live_policies import LivePolicies
from gateway.exchange.login_throttles import LoginThrottles
from gateway.exchange.people.context import PeopleParts
from gateway.exchange.refusal_message import RefusalMessages
from gateway.roles.catalog import Catalog
from gateway.sealing.keyring import IssuerKeySource
from gateway.sessions.authenticator import Authenticator
from gateway.sessions.issuer import SessionIssuer
from gateway.sessions.revocation import Revocations
from gateway.sessions.users import Users
from gateway.sigv4.signing_key import SigningKeys
from gateway.state.store import OnceOnly


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`region` stands in the gateway's own ARNs and audit records; `public_url` is the issuer of its ID tokens.

    `audit_file`: where audit lines are read again, None where they go to standard output; `cautions`: what is valid in
    the configuration and dangerous, a line each. `services`: entries by name; `only_account`: the account's number
    where one is configured and no more.
    `once`: what may be used a single time, over all replicas.
    """

    catalog: Catalog
    registry: Registry
    issuer: SessionIssuer
    authenticator: Authenticator
    policies: LivePolicies
    users: Users
    messages: RefusalMessages
    signing_keys: SigningKeys
    throttles: LoginThrottles
    issuer_keys: IssuerKeySource
    revocations: Revocations
    services: Mapping[str, Service]
    only_account: str | None
    once: OnceOnly
    people: PeopleParts
    trail: AuditTrail
    audit_file: Path | None
    cautions: tuple[str, ...]
    clock: Clock
    region: str
    public_url: str

    def account_of(self, service: Service) -> str | None:
        """The account that an entry of `services` belongs to; None where several are configured and it names none."""
        return service.account or self.only_account
