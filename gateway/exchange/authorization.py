"""What the exchange answers to a signed request that it allows."""

from dataclasses import dataclass

from gateway.actions.action import ServiceAction
from gateway.domain.principal import Principal
from gateway.policy.evaluate import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """Who signed, what the request means, and the decision that allows each of its actions."""

    principal: Principal
    actions: tuple[ServiceAction, ...]
    decisions: tuple[Decision, ...]
