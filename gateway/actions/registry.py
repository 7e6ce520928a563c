"""The service types: each reads its own requests."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from gateway.actions.action import ServiceAction
from gateway.actions.execute_api import execute_api_actions
from gateway.actions.json_services import json_actions
from gateway.actions.s3 import s3_actions, unseen_of
from gateway.domain.service import Service, ServiceType
from gateway.sigv4.request import HttpRequest

Reading = Callable[[Service, HttpRequest, bytes | None], tuple[ServiceAction, ...]]

_READINGS: Final[Mapping[ServiceType, Reading]] = MappingProxyType(
    {
        ServiceType.S3: s3_actions,
        ServiceType.EXECUTE_API: lambda service, http, _body: execute_api_actions(service, http),
        ServiceType.JSON: lambda service, http, _body: json_actions(service, http),
    }
)


_UNSEEN: Final[Mapping[str, Callable[[str], frozenset[str]]]] = MappingProxyType({"s3": unseen_of})


def unseen_keys(action: str) -> frozenset[str]:
    """Condition keys of an action (`vendor:Name`, in any case) that no request here has; as `ServiceAction.unseen`."""
    unseen = _UNSEEN.get(action.partition(":")[0].lower())
    return frozenset() if unseen is None else unseen(action)


def actions_of(service: Service, http: HttpRequest, body: bytes | None) -> tuple[ServiceAction, ...]:
    """Everything that a request asks for, at least one action; all of it must be allowed.

    `body`: the whole body, whose hash was checked; None where it is not seen. Raises UnmappedRequest for what the
    service's table does not know, BodyTooLarge.
    """
    return _READINGS[service.type](service, http, body)
