"""What a command leaves unimported, seen in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Collection, Sequence

_PROGRAM = (
    "import json, sys\n"
    "from gateway.cli.main import main\n"
    "try: code = main(sys.argv[1:])\n"
    "except SystemExit as end: code = end.code\n"
    "print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)\n"
)
_HEAVY = ("starlette", "uvicorn", "httpx", "boto3")


def imported_by(words: Sequence[str]) -> Collection[str]:
    """The modules that a command which succeeds has imported: none of the server's libraries among them."""
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *words], capture_output=True, text=True, timeout=30, check=True
    )
    code, loaded = json.loads(ended.stderr)
    assert code == 0
    assert [name for name in _HEAVY if name in loaded] == []
    return frozenset(loaded)
