"""What addresses of stores say, and which are refused."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.clock import SteadyClock
from gateway.state.memory import MemoryStore
from gateway.state.open import check_address, open_state
from gateway.state.redis_address import RedisAddress, read_address
from gateway.state.sqlite import SqliteStore
from gateway.state.store import UnusableStore

DIRECT = {
    "hosts": (("h", 6379),),
    "database": 0,
    "username": None,
    "password": None,
    "tls": False,
    "ca_file": None,
    "service": None,
    "sentinel_username": None,
    "sentinel_password": None,
}
TWO = (("a", 26379), ("b", 26380))
READ = {
    "redis://h": {},
    "redis://h:6380/3": {"hosts": (("h", 6380),), "database": 3},
    "redis://h/": {},
    "redis://:p@h": {"password": "p"},
    "redis://u:p%40%2F%3A@h": {"username": "u", "password": "p@/:"},
    "redis://u:p@w@h": {"username": "u", "password": "p@w"},
    "redis://[::1]:6380": {"hosts": (("::1", 6380),)},
    "rediss://h": {"tls": True},
    "rediss://h/2?ca_file=/etc/ca.pem": {"tls": True, "database": 2, "ca_file": Path("/etc/ca.pem")},
    "redis+sentinel://a,b:26380/lake": {"hosts": TWO, "service": "lake"},
    "redis+sentinel://u:p@a,b:26380/lake/1": {
        "hosts": TWO,
        "service": "lake",
        "database": 1,
        "username": "u",
        "password": "p",
    },
    "redis+sentinel://a,b:26380/lake?tls=true&ca_file=/ca&sentinel_username=s&sentinel_password=x%26y": {
        "hosts": TWO,
        "service": "lake",
        "tls": True,
        "ca_file": Path("/ca"),
        "sentinel_username": "s",
        "sentinel_password": "x&y",
    },
}
REFUSED = {
    "a database without number": "redis://h/zero",
    "two databases": "redis://h/0/1",
    "a negative database": "redis://h/-1",
    "a port beyond": "redis://h:65536",
    "a port in words": "redis://h:six",
    "several hosts": "redis://a,b",
    "no host": "redis://",
    "no host, a port": "redis://:6379",
    "an unknown option": "redis://h?db=1",
    "a fragment": "redis://h#x",
    "TLS by option": "redis://h?tls=true",
    "no name of a service": "redis+sentinel://a,b",
    "an empty host": "redis+sentinel://a,,b/lake",
    "tls in other words": "redis+sentinel://a/lake?tls=yes",
    "an option without value": "rediss://h?ca_file",
    "a relative file": "sqlite:///state.db",
    "a file without slashes": "sqlite:/var/state.db",
    "memory with an address": "memory://x",
    "another scheme": "postgres://h",
    "nothing": "",
}


@pytest.mark.parametrize(("url", "said"), READ.items(), ids=READ)
def test_an_address_of_a_redis_is_read(url: str, said: dict[str, object]) -> None:
    assert read_address(url) == RedisAddress(**{**DIRECT, **said})  # type: ignore[arg-type]


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
def test_an_address_that_cannot_be_meant_is_refused_with_the_mend(url: str) -> None:
    for read in (check_address, lambda address: open_state(address, SteadyClock())):
        with pytest.raises(UnusableStore, match="write "):
            read(url)


@given(st.text(min_size=1), st.sampled_from(["redis://", "rediss://", "redis+sentinel://"]))
def test_no_address_does_anything_but_be_read_or_refused(text: str, scheme: str) -> None:
    assert "hunter2" not in _told(f"{scheme}:hunter2@{text}")


def _told(url: str) -> str:
    """What is shown of an address, or of its refusal."""
    try:
        return repr(read_address(url))
    except UnusableStore as refusal:
        return str(refusal)


def test_each_scheme_opens_its_store(tmp_path: Path) -> None:
    assert isinstance(open_state("memory:", SteadyClock()), MemoryStore)
    assert isinstance(open_state(f"sqlite:///{tmp_path}/state.db", SteadyClock()), SqliteStore)
    assert list(tmp_path.iterdir()) == []


def test_reading_an_address_loads_no_client(tmp_path: Path) -> None:
    program = """
import sys
from gateway.domain.clock import SteadyClock
from gateway.state.open import check_address, open_state
check_address("redis://h")
check_address("sqlite:////var/state.db")
open_state("memory:", SteadyClock())
print([name for name in ("redis", "sqlite3", "ssl") if name in sys.modules])
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert ended.stdout.strip() == "[]"
