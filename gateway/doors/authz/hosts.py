"""Which service a check is for, by the host that the client called."""

from collections.abc import Iterable

from gateway.actions.request_target import spellings_of
from gateway.domain.errors import ProxyRefused
from gateway.domain.service import Service, ServiceType
from gateway.doors.authz.check import Check
from gateway.doors.authz.dialects import DIALECTS


class Hosts:
    """The services of one configuration, by host; the subdomains of an S3 service's host are its buckets'."""

    __slots__ = ("_sources", "_stores", "_whole")

    def __init__(self, services: Iterable[Service]) -> None:
        self._whole = {host.lower(): service for service in services for host in service.hosts}
        self._stores = {host: one for host, one in self._whole.items() if one.type is ServiceType.S3}
        # Each header that names hosts for some dialect, once.
        self._sources = tuple(dict.fromkeys(dialect.host for dialect in DIALECTS.values()))

    def asked(self, check: Check) -> Service:
        """The service whose own dialect names one of its hosts in `check`. Raises ProxyRefused where there is none."""
        for source in self._sources:
            host = check.single(source)
            service = None if host is None else self._of(host.decode("latin-1").lower())
            # A header counts for the services alone whose dialect has it.
            if service is not None and DIALECTS[service.proxy].host == source:
                return service
        raise ProxyRefused(cause="no service has the host that the client called")

    def _of(self, host: str) -> Service | None:
        for spelling in spellings_of(host):
            found = self._whole.get(spelling)
            if found is not None:
                return found
        for spelling in spellings_of(host):
            _, _, parent = spelling.partition(".")
            while parent:
                if parent in self._stores:
                    return self._stores[parent]
                _, _, parent = parent.partition(".")
        return None
