"""What runs in every pod stays small: nothing but the standard library and the gateway's own few modules is loaded."""

import json
import subprocess
import sys

PROGRAM = """
import json, pkgutil, sys
from importlib import import_module
before = {name.partition(".")[0] for name in sys.modules}  # what the installation itself loads
import gateway.sidecar
for found in pkgutil.iter_modules(gateway.sidecar.__path__):
    import_module("gateway.sidecar." + found.name)
for name in ("main", "sidecar", "local_endpoint"):
    import_module("gateway.cli." + name)
loaded = {name.partition(".")[0] for name in sys.modules} - before
print(json.dumps([sorted(loaded - sys.stdlib_module_names), sorted(n for n in sys.modules if n.startswith("gateway."))]))
"""
ROOMS = {"cli", "client", "settings", "sidecar"}
OF_CLIENTS = {"connection", "core_files", "held", "sts", "token_file"}
"""What signs requests, and what a person's commands need, is not loaded either."""


def test_only_the_standard_library_and_few_rooms_are_loaded() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    foreign, ours = json.loads(ended.stdout)

    assert foreign == ["gateway"]
    assert {name.split(".")[1] for name in ours} <= ROOMS
    assert {name.split(".")[2] for name in ours if name.startswith("gateway.client.")} == OF_CLIENTS
