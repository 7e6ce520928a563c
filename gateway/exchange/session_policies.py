"""Session policies: what narrows one session below its role, read strictly before anything is granted."""

from collections.abc import Iterator
from typing import Final

from gateway.domain.assumption import SessionRequest
from gateway.domain.errors import InvalidParameter
from gateway.domain.grant import SessionPolicy
from gateway.policy.document import PolicyKind, canonical, parse_policy
from gateway.roles.catalog import Catalog

INLINE: Final = "Policy"


def session_policies(request: SessionRequest, account: str, catalog: Catalog) -> tuple[SessionPolicy, ...]:
    """The policies that the request narrows its session by; none where it names none. `account`: the session's.

    Raises MalformedPolicyDocument; InvalidParameter: an ARN that names no policy of the account.
    """
    if request.policy is None and not request.policy_arns:
        return ()
    return (*_inline(request), *_managed(request, account, catalog))


def _inline(request: SessionRequest) -> Iterator[SessionPolicy]:
    if request.policy is not None:
        yield SessionPolicy(document=canonical(parse_policy(request.policy, PolicyKind.SESSION, name=INLINE)))


def _managed(request: SessionRequest, account: str, catalog: Catalog) -> Iterator[SessionPolicy]:
    for arn in dict.fromkeys(request.policy_arns):
        policy = catalog.managed_policy(arn, account)
        if policy is None:
            raise InvalidParameter(
                f"The policy {arn} does not exist or is not attachable; name one of the account {account}",
                parameter="PolicyArns",
            )
        yield SessionPolicy(document=canonical(policy), arn=arn)
