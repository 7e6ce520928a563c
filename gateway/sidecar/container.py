"""The container-credentials endpoint, `/v1/credentials[/NAME]`: also the path of EKS Pod Identity's agent."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.client.held import Given, NothingToGive, Outcome
from gateway.sidecar.guard import Authorization
from gateway.sidecar.instants import written
from gateway.sidecar.message import Fault, Request, Response, json_response
from gateway.sidecar.roles import Served

PATH: Final = "/v1/credentials"
LEAST: Final = 15 * 60.0
"""Seconds: botocore renews so long before the end, and would ask again at each use below it."""

_READING: Final = frozenset({"GET", "HEAD"})


class ContainerCredentials:
    """The endpoint of `AWS_CONTAINER_CREDENTIALS_FULL_URI`."""

    def __init__(self, roles: Sequence[Served], authorization: Authorization) -> None:
        self._roles = {PATH if role.name is None else f"{PATH}/{role.name}": role for role in roles}
        self._authorization = authorization

    def answer(self, request: Request) -> Response:
        """Raises Fault."""
        if request.method not in _READING:
            raise Fault(405, "MethodNotAllowed", "send GET", headers={"allow": "GET, HEAD"})
        # Before the path is looked at: who has no token does not learn which roles there are.
        self._authorization.check(request.headers.get("authorization"))
        role = self._roles.get(request.path)
        if role is None:
            raise Fault(404, "NotFound", f"this sidecar has {', '.join(sorted(self._roles))}")
        return json_response(200, _document(given(role, LEAST), role))


def given(role: Served, least: float) -> Given:
    """What may be given out now. Raises Fault, 502 where the gateway refused and 503 where it is not ready."""
    try:
        return role.held.give(least=least)
    except NothingToGive as fault:
        role.hurry()
        status = 502 if fault.outcome is Outcome.REFUSED else 503
        raise Fault(status, fault.code, str(fault)) from None


def _document(keys: Given, role: Served) -> Mapping[str, Any]:
    return {
        "AccessKeyId": keys.keys.access_key_id,
        "SecretAccessKey": keys.keys.secret_access_key,
        "Token": keys.keys.session_token,
        "Expiration": written(keys.keys.expires),
        "AccountId": role.account,
    }
