"""Over the wire, too, nobody learns from a refusal's time whether there is such a person."""

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.ldap.directory_gateway import DirectoryGateway, sign_in
from tests.e2e.ldap.test_timing import ATTEMPTS, SLOW, TOLERANCE
from tests.e2e.openid_provider import OpenIdProvider
from tests.servers.slapd import Slapd, group, member, person

PAIRS = 100
WARMING = 10


@pytest.fixture
def gateway(
    tmp_path: Path,
    installed: Installation,
    canaries: Canaries,
    provider: OpenIdProvider,
    start_openldap: Callable[..., Slapd],
) -> Iterator[DirectoryGateway]:
    """One that lets anybody fail as often as they like."""
    directory = start_openldap(data=person("alice", SLOW) + group("everybody", member("alice")), policy=False)
    patience = "throttle: {per_user: 5000/1m, per_address: 9000/1m}"
    with DirectoryGateway(tmp_path / "gateway", installed, canaries, provider, directory, settings=patience) as running:
        yield running


def medians(gateway: DirectoryGateway, pairs: int) -> dict[str, float]:
    """Seconds of a refusal, of a person and of nobody by turns."""
    taken: dict[str, list[float]] = {"alice": [], "nobody": []}
    with httpx.Client() as client:
        for _ in range(pairs):
            for name, times in taken.items():
                begun = time.perf_counter()
                answer = client.post(gateway.url, data=sign_in(name, "wrong"))
                times.append(time.perf_counter() - begun)
                assert answer.status_code == 403
    return {name: statistics.median(times) for name, times in taken.items()}


def test_a_refusal_takes_as_long_for_a_person_as_for_nobody(gateway: DirectoryGateway) -> None:
    medians(gateway, WARMING)
    seen = []
    for _ in range(ATTEMPTS):
        known, unknown = medians(gateway, PAIRS).values()
        seen.append((known, unknown))
        if abs(known - unknown) <= TOLERANCE * known:
            return
    pytest.fail(f"medians of known and unknown names, in seconds: {seen}")
