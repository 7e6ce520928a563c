"""What is asked of the engine: may this principal do this to that, in these circumstances?"""

from dataclasses import dataclass

from gateway.policy.context import RequestContext


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalReference:
    """Who asks, under every name that a Principal element may call them by.

    `arns`: the caller's own ARN, for a session also its role's (or user's), and their unique ids where known.
    `federated`: the provider that vouches for somebody who has no account yet, as ARN and as host and path.
    """

    account: str | None
    arns: frozenset[str]
    federated: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """`action` is `vendor:Name`, in any case; without a `principal` the caller is anonymous."""

    action: str
    resource: str
    context: RequestContext
    principal: PrincipalReference | None = None
