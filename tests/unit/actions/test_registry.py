"""Every service type has its reading."""

from gateway.actions.registry import _READINGS
from gateway.domain.service import ServiceType


def test_every_service_type_is_read() -> None:
    assert set(_READINGS) == set(ServiceType)
