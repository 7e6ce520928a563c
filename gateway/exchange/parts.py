"""What the use cases of one configuration work with; a reload makes another set and puts it in this one's place."""

from dataclasses import dataclass

from gateway.connectors.registry import Registry
from gateway.domain.clock import Clock
from gateway.exchange.auditing import AuditTrail
from gateway.exchange.live_policies import LivePolicies
from gateway.exchange.login_throttles import LoginThrottles
from gateway.exchange.refusal_message import RefusalMessages
from gateway.roles.catalog import Catalog
from gateway.sealing.keyring import IssuerKeySource
from gateway.sessions.authenticator import Authenticator
from gateway.sessions.issuer import SessionIssuer
from gateway.sessions.users import Users
from gateway.sigv4.signing_key import SigningKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`region` stands in the gateway's own ARNs and audit records; `public_url` is the issuer of its ID tokens."""

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
    trail: AuditTrail
    clock: Clock
    region: str
    public_url: str
