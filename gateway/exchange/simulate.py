"""What the policies of a role's session would decide about a request that nobody has sent.

The session, its policy sets, the condition keys and the engine are those of the server; only the request is made up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.actions.registry import unseen_keys
from gateway.domain.assumption import SessionRequest
from gateway.domain.origin import RequestOrigin
from gateway.domain.role import Role
from gateway.exchange.live_policies import LivePolicies, PolicySets
from gateway.exchange.request_keys import request_context
from gateway.exchange.session_policies import session_policies
from gateway.policy.caution import Unknown, evaluate_cautiously
from gateway.policy.context import RequestContext
from gateway.policy.decision import Decision
from gateway.policy.query import Query
from gateway.roles.catalog import Catalog
from gateway.sessions.authenticator import Claimant
from gateway.sessions.session_token import TokenContent, opened_session, packed_policy

SESSION_NAME: Final = "simulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedRequest:
    """`action`: `vendor:Name`. `context`: condition keys with their values, in place of those that a session of the
    role has by itself; keys in any case. `session_policy`: JSON.
    """

    role: Role
    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]]
    session_policy: str | None = None


def simulate(catalog: Catalog, request: SimulatedRequest, now: datetime) -> Decision:
    """The decision for a session opened at `now`; what only a store knows is unknown here too, unless it is given.

    Raises MalformedPolicyDocument, PackedPolicyTooLarge: its policy.
    """
    claimant = _claimant(catalog, request, now)
    sets = LivePolicies(catalog, ()).sets_of(claimant) or PolicySets(identity=())
    own = request_context(claimant.principal, request.role.tags, RequestOrigin(request_id=""), now, {})
    given = {key.lower(): values for key, values in request.context.items()}
    query = Query(
        action=request.action, resource=request.resource, context=RequestContext(values={**own.values, **given})
    )
    unknown = Unknown(keys=frozenset(key for key in unseen_keys(request.action) if not _is_given(key, given)))
    return evaluate_cautiously(query, unknown, identity=sets.identity, boundary=sets.boundary, session=sets.session)


def _is_given(unseen: str, given: Mapping[str, tuple[str, ...]]) -> bool:
    return unseen in given or (unseen.endswith("/") and any(key.startswith(unseen) for key in given))


def _claimant(catalog: Catalog, request: SimulatedRequest, now: datetime) -> Claimant:
    role, issued_at = request.role, int(now.timestamp())
    policies = session_policies(SessionRequest(policy=request.session_policy), role.arn.account, catalog)
    opened = opened_session(
        TokenContent(
            access_key_id="",
            secret_access_key="",
            session_id=SESSION_NAME,
            issued_at=issued_at,
            expires_at=issued_at + role.maximum_duration,
            role_arn=str(role.arn),
            session_name=SESSION_NAME,
            provider="",
            subject="",
            user_name="",
            source_identity=None,
            tags={},
            transitive_tag_keys=(),
            condition_keys={},
            session_policies=tuple(packed_policy(policy) for policy in policies),
            chain_depth=0,
        )
    )
    return Claimant(principal=opened.session.principal, secret_access_key="", session=opened.session)
