"""The guide to operating tells the bounds, times and settings that the server has."""

import re
from pathlib import Path

from gateway.assembly.last_good import FIXED
from gateway.assembly.reload import INTERVAL
from gateway.assembly.worker import ServerSettings
from gateway.doors.sts.door import MAXIMUM_BODY
from gateway.web.bounds import Bounds
from gateway.web.requests_under_way import AT_MOST

GUIDE = (Path(__file__).parents[3] / "docs" / "operating.md").read_text()
_KIB = 1024


def section(heading: str) -> str:
    return GUIDE.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def test_the_bounds_are_the_server_s() -> None:
    bounds, settings = Bounds(), ServerSettings()
    rows = [line.split("|") for line in section("Bounds").splitlines() if line.startswith("| ")][1:]
    told = {cells[1].strip(): cells[2].strip() for cells in rows}

    assert {name: re.split(r"[,;] (?=[a-z\d])", bound)[0] for name, bound in told.items()} == {
        "connections of one process": f"{settings.connections:,}",
        "connections of one address": f"{settings.connections_per_address}",
        "connections of the internal listener": f"{settings.internal_connections:,}",
        "request target": f"{bounds.url // _KIB} KiB",
        "header fields": f"{bounds.header_count}",
        "body of a request to STS": f"{MAXIMUM_BODY // _KIB} KiB",
        "requests beyond 16 KiB that are not yet answered, of one process": f"{AT_MOST // _KIB // _KIB} MiB",
        "time for a request's head": f"{bounds.head_time:.0f} s",
        "time for its body": f"{bounds.body_time:.0f} s",
        "time to read an answer": f"{bounds.answer_time:.0f} s",
        "idle connection": f"{settings.keep_alive} s",
    }
    assert f"{bounds.headers // _KIB} KiB in all" in told["header fields"]


def test_the_times_of_an_end_are_the_server_s() -> None:
    settings = ServerSettings()

    assert f"accepted for {settings.drain:.0f} more seconds" in section("Signals")
    assert f"have {settings.finish} seconds to end" in section("Signals")
    assert f"stands still for {settings.patience:.0f} seconds" in section("Probes")


def test_what_a_reload_does_not_change_is_told() -> None:
    (sentence,) = re.findall(
        r"^(`public_url`.*?) count from the next start", section("Reload"), re.MULTILINE | re.DOTALL
    )

    assert set(re.findall(r"`(\w+)`", sentence)) == set(FIXED)
    assert f"every {INTERVAL:.0f} seconds" in section("Reload")
