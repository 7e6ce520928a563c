"""`sts-gateway demo`: the embedded world, told in numbered steps or left running."""

import argparse
import importlib.util
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.demo.world import World

SUMMARY: Final = (
    "run an OIDC issuer with three people, the gateway and a resource server on this machine, and show the way from a "
    "login to temporary credentials and their end; or leave them running"
)
EXAMPLE: Final = """
sts-gateway demo
sts-gateway demo --serve
"""
_PORT: Final = 8080


_LOOK: Final = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer `--serve` and `--port`."""
    parser.add_argument("--serve", action="store_true", help="keep the world running, with a page of what to type")
    parser.add_argument(
        "--port", type=_port, metavar="P", help=f"the gateway's port; default: {_PORT} with --serve, else any free one"
    )


def run(arguments: argparse.Namespace) -> int:
    """Tell the story, or serve until interrupted. 0: every step did what it says; 1: one did not, or no start."""
    from gateway.assembly.listening import AddressUnavailable
    from gateway.demo.servers import ServersFailed
    from gateway.demo.world import running

    serving: bool = arguments.serve
    if not serving and importlib.util.find_spec("boto3") is None:
        return _refuse("the demo's client is boto3, which is not installed; run pip install 'sts-gateway[demo]'")
    port = (_PORT if serving else 0) if arguments.port is None else arguments.port
    try:
        with running(gateway_port=port) as world:
            return _serve(world) if serving else _tell(world)
    except AddressUnavailable as fault:
        return _refuse(f"{fault} (--port, or `make serve PORT=P`)")
    except ServersFailed as fault:
        return _refuse(str(fault))


def _tell(world: "World") -> int:
    from gateway.demo.narration import Narrator, colour_wanted
    from gateway.demo.script import tell

    narrator = Narrator(sys.stdout, colour=colour_wanted(sys.stdout, os.environ))
    narrator.title("sts-gateway: a login from your user store in, AWS temporary credentials out")
    narrator.values(_places(world))
    if not tell(world, narrator):
        return 1
    narrator.title("\nEvery step did what it says. `make serve` keeps this world running, for you to try.")
    return 0


def _serve(world: "World") -> int:
    """Until SIGINT or SIGTERM."""
    received: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: received.append(number))
    print(
        f"The demo world is running: open {world.addresses.gateway}/portal, or /demo for what to type (Ctrl-C ends it)"
    )
    for name, place in _places(world).items():
        print(f"  {name:<8}  {place}")
    sys.stdout.flush()
    # Looked at, not waited for: a signal that another thread takes would wake no lock of this one.
    while not received:
        time.sleep(_LOOK)
    print("Ended.")
    return 0


def _places(world: "World") -> dict[str, str]:
    return {
        "issuer": f"{world.addresses.issuer}  (development only: Ana, Ben, Carla; no passwords)",
        "gateway": f"{world.addresses.gateway}  (configuration, keyring, audit log: {world.folder})",
        "lake": f"{world.addresses.lake}  (resource server: a bucket `lake` behind S3's interface)",
    }


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number from 1 to 65535")
    return int(text)


def _refuse(told: str) -> int:
    print(f"sts-gateway demo: {told}", file=sys.stderr)
    return 1
