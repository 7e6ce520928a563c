"""Which service a check is for, by the host that the client called."""

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.actions.request_target import header_text, spellings_of
from gateway.actions.s3_target import bucket_before
from gateway.domain.errors import ProxyRefused, UnmappedRequest
from gateway.domain.service import Service, ServiceType
from gateway.doors.authz.check import Check
from gateway.doors.authz.dialects import DIALECTS

_REMEMBERED: Final = 1_024
_LONGEST: Final = 512


class Hosts:
    """The services of one configuration, by host; the subdomains of an S3 service's host are its buckets'."""

    __slots__ = ("_found", "_sources", "_stores", "_whole")

    def __init__(self, services: Iterable[Service]) -> None:
        self._whole = {host.lower(): service for service in services for host in service.hosts}
        self._stores = {host: one for host, one in self._whole.items() if one.type is ServiceType.S3}
        # Each header that names hosts for some dialect, once.
        self._sources = tuple(dict.fromkeys(dialect.host for dialect in DIALECTS.values()))
        self._found: dict[tuple[bytes | None, ...], tuple[Service, str | None] | None] = {}

    def store(self, fields: Mapping[bytes, bytes]) -> tuple[Service, str | None] | None:
        """The S3 service that `asked` gives, and the bucket that its host names (None: it names none).

        `fields`: headers, each there once. None where there is none.
        """
        key = tuple([fields.get(source) for source in self._sources])
        if key in self._found:
            return self._found[key]
        found = self._store(fields)
        if sum(len(host or b"") for host in key) <= _LONGEST:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[key] = found
        return found

    def _store(self, fields: Mapping[bytes, bytes]) -> tuple[Service, str | None] | None:
        headers = tuple(fields.items())
        try:
            service = self.asked(Check(method="", raw_path=b"", raw_query=b"", headers=headers))
            if service.type is not ServiceType.S3:
                return None
            host = header_text(fields[DIALECTS[service.proxy].host])
            return service, bucket_before(host.lower(), service.hosts)
        except (ProxyRefused, UnmappedRequest):
            return None

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
