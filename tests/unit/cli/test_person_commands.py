"""The commands of people start fast: they load nothing but the standard library and the gateway's own few modules."""

import json
import subprocess
import sys

PROGRAM = """
import json, sys
from importlib import import_module
before = {name.partition(".")[0] for name in sys.modules}  # what the installation itself loads
from gateway.cli import main
for name in ("login", "credentials", "configure", "console"):
    import_module("gateway.cli." + name)
import gateway.client.person
code = main.main(["credentials", "--url", "http://127.0.0.1:9", "--role", "111122223333/Analyst"])
loaded = {name.partition(".")[0] for name in sys.modules} - before
print(json.dumps([code, sorted(loaded - sys.stdlib_module_names), sorted(n for n in sys.modules if n.startswith("gateway."))]))
"""
ASKED = """
import sys
from gateway.cli.login import told
sys.exit(told("login", lambda: print(input(), file=sys.stderr)))
"""
ROOMS = {"cli", "client", "domain", "settings", "sigv4", "wire"}


def test_only_the_standard_library_is_loaded() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    code, loaded, ours = json.loads(ended.stdout)
    assert code == 1
    assert "nobody is signed in here; run `sts-gateway login --url http://127.0.0.1:9` first" in ended.stderr
    assert loaded == ["gateway"]
    assert {name.split(".")[1] for name in ours} <= ROOMS


def test_a_question_that_nobody_answers_ends_in_one_line() -> None:
    """A pipe, or a job, in place of a terminal."""
    ended = subprocess.run(
        [sys.executable, "-c", ASKED], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert ended.stderr == "sts-gateway login: it asks, and nobody answers: run it on a terminal\n"
    assert ended.returncode == 1
