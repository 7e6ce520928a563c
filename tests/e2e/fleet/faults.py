"""What happens to a fleet, and what its honest clients may notice of it."""

import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.e2e.fleet.fleet import REPLICAS, Fleet
from tests.e2e.state.redis_server import RedisServer, Replicated, wait_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`loses`: requests on the connections of a killed process. `refuses`: some are told to try again in a moment."""

    happen: Callable[[Fleet], None]
    loses: bool = False
    refuses: bool = False


def kill_one(fleet: Fleet) -> None:
    number = random.randrange(REPLICAS)
    fleet.gateways[number].send(signal.SIGKILL)
    time.sleep(0.5)
    fleet.revive(number)


def stop_one(fleet: Fleet) -> None:
    gateway = random.choice(fleet.gateways)
    gateway.send(signal.SIGSTOP)
    time.sleep(3)
    gateway.send(signal.SIGCONT)


def end_one_in_order(fleet: Fleet) -> None:
    number = random.randrange(REPLICAS)
    fleet.gateways[number].send(signal.SIGTERM)
    fleet.revive(number)


def one_store(fleet: Fleet) -> RedisServer:
    """The server that takes writes."""
    if isinstance(fleet.store, RedisServer):
        return fleet.store
    return next(one for one in (fleet.store.master, fleet.store.replica) if _is_master(one))


def kill_the_store(fleet: Fleet) -> None:
    store = one_store(fleet)
    store.kill()
    time.sleep(0.3)
    store.start()


def stop_the_store(fleet: Fleet) -> None:
    """With Sentinel for less than it waits: a master that is given up while it only sleeps takes writes that are lost."""
    store = one_store(fleet)
    store.freeze()
    time.sleep(1 if isinstance(fleet.store, RedisServer) else 0.3)
    store.thaw()


def fail_over(fleet: Fleet) -> None:
    """The master is gone; Sentinel makes the other one the master, and the first comes back as its replica."""
    assert isinstance(fleet.store, Replicated)
    master = one_store(fleet)
    other = fleet.store.replica if master is fleet.store.master else fleet.store.master
    master.kill()
    wait_for(lambda: _is_master(other))
    master.start()
    wait_for(lambda: b"role:slave" in _replication(master) and b"master_link_status:up" in _replication(master))


def rotate_keys(fleet: Fleet) -> None:
    fleet.keys("rotate", "--seals-after", "3s")
    time.sleep(4)


def break_and_mend(fleet: Fleet) -> None:
    _configure(fleet, "the last good one stays", roles={"lake/Analyst": {"policies": ["nothing that is there"]}})
    _configure(fleet, "read anew and is in force")


def fill_the_disk(fleet: Fleet) -> None:
    """No audit line can be written: nobody gets anything, until there is room again."""
    path, kept = fleet.folder / "audit.jsonl", fleet.folder / "audit.kept"
    path.rename(kept)
    path.symlink_to("/dev/full")
    _hang_up(fleet)
    time.sleep(2)
    path.unlink()
    kept.rename(path)
    _hang_up(fleet)


def stop_the_issuer(fleet: Fleet) -> None:
    fleet.provider.send(signal.SIGSTOP)
    time.sleep(5)
    fleet.provider.send(signal.SIGCONT)


def stop_the_directory(fleet: Fleet) -> None:
    fleet.directory.freeze()
    time.sleep(1.5)
    fleet.directory.thaw()


FAULTS: Final[Mapping[str, Fault]] = {
    "a replica is killed": Fault(happen=kill_one, loses=True),
    "a replica stands still for three seconds": Fault(happen=stop_one),
    "a replica ends in order": Fault(happen=end_one_in_order),
    "the store is killed and started": Fault(happen=kill_the_store),
    "the store stands still for a moment": Fault(happen=stop_the_store),
    "keys are rotated": Fault(happen=rotate_keys),
    "the configuration is broken and mended": Fault(happen=break_and_mend),
}
"""Those of a fleet on one Redis."""

SOAKED: Final[Mapping[str, Fault]] = {
    **FAULTS,
    "the store fails over": Fault(happen=fail_over, refuses=True),
    "the store is killed and started": Fault(happen=kill_the_store, refuses=True),
    "the disk of the audit log is full": Fault(happen=fill_the_disk, refuses=True),
    "the issuer stands still for five seconds": Fault(happen=stop_the_issuer),
    "the directory stands still for a second": Fault(happen=stop_the_directory),
}
"""Those of a fleet on Redis with Sentinel."""


def _configure(fleet: Fleet, told: str, **sections: object) -> None:
    before = [gateway.err.count(told) for gateway in fleet.gateways]
    fleet.configure(**sections)
    for gateway, count in zip(fleet.gateways, before, strict=True):
        gateway.until(lambda gateway=gateway, count=count: gateway.err.count(told) > count, told)  # type: ignore[misc]


def _hang_up(fleet: Fleet) -> None:
    for gateway in fleet.gateways:
        gateway.send(signal.SIGHUP)
    os.sync()
    time.sleep(0.5)


def _replication(store: RedisServer) -> bytes:
    try:
        return store.ask("INFO", "replication")
    except OSError:
        return b""


def _is_master(store: RedisServer) -> bool:
    return b"role:master" in _replication(store)
