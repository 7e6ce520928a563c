"""What the exchange answers to a signed request that it allows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.actions.action import ServiceAction
from gateway.domain.principal import Principal
from gateway.policy.evaluate import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """Who signed, what the request means, and the decision that allows each of its actions.

    `tags`: the session's, and the role's own where no session tag has their key; what `aws:PrincipalTag` means.
    `replaced`: headers that make the request valid at an upstream under the gateway's own key, each in the place of any
    of its name; `removed`: headers that must not reach it.
    """

    principal: Principal
    actions: tuple[ServiceAction, ...]
    decisions: tuple[Decision, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    replaced: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    removed: tuple[bytes, ...] = ()
