"""`sts-gateway configure`: profiles of AWS's command and SDKs for every role of whoever is signed in."""

import argparse
import difflib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gateway.cli.login import add_gateway, told
from gateway.client import aws_profile

SUMMARY: Final = "write profiles into ~/.aws/config for all of your roles, after showing the change"
EXAMPLE: Final = """
sts-gateway configure --url https://sts.example.com
sts-gateway configure --url https://sts.example.com --credential-process --yes
"""
_BEGIN: Final = "# >>> sts-gateway {url}: written by `sts-gateway configure`, which replaces all up to the end mark"
_END: Final = "# <<< sts-gateway {url}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the kind of profile."""
    add_gateway(parser)
    parser.add_argument("--region", default="us-east-1", help="region of the profiles; default: us-east-1")
    parser.add_argument(
        "--credential-process",
        action="store_true",
        help="profiles that call `sts-gateway credentials`, for a sign-in by password; default: sso_session",
    )
    parser.add_argument("--yes", action="store_true", help="write without asking")


def run(arguments: argparse.Namespace) -> int:
    """0: written, or nothing to write; 1: refused, not signed in or not reached; 2: an address that cannot be used."""
    return told("configure", lambda: _configure(arguments))


def _configure(arguments: argparse.Namespace) -> None:
    from gateway.client.identity_center import IdentityCenter
    from gateway.client.person import Person, cache_folder

    center = IdentityCenter(arguments.url, ca_file=arguments.ca_file)
    person = Person(center, cache_folder(os.environ))
    rows = list(center.roles(person.access_token()))
    path = Path(os.environ.get("AWS_CONFIG_FILE") or Path.home() / ".aws/config").expanduser()
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    rest = without_block(before, center.url)
    block = "\n".join(block_of(center.url, rows, arguments.region, rest, process=arguments.credential_process))
    after = f"{rest.rstrip()}\n\n{block}\n".lstrip()
    if after == before:
        print("Nothing changes.", file=sys.stderr)
        return
    print("".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), str(path), str(path))), end="")
    if not arguments.yes and input("Write this? [y/N] ").strip().lower() not in {"y", "yes"}:
        print("Nothing was written.", file=sys.stderr)
        return
    _write(path, after)
    _advise(center.url)


def without_block(text: str, url: str) -> str:
    """`text` without what this command wrote for `url` before; all else as it stands."""
    begin, end = (re.escape(mark.format(url=url)) for mark in (_BEGIN, _END))
    return re.sub(rf"^{begin}$.*?^{end}$\n?", "", text, flags=re.MULTILINE | re.DOTALL)


def block_of(url: str, rows: Sequence[tuple[str, str, str]], region: str, rest: str, *, process: bool) -> Iterator[str]:
    """The lines between the marks, marks included. A profile that stands in `rest` is the person's own and stays."""
    yield _BEGIN.format(url=url)
    if not process:
        yield from aws_profile.sso_session(url, region)
    yield from aws_profile.services(url)
    lines_of = aws_profile.process_profile if process else aws_profile.sso_profile
    for number, alias, role in rows:
        profile = f"{alias}-{role}"
        if re.search(rf"^\[profile {re.escape(profile)}\]", rest, re.MULTILINE):
            print(f"left alone: you have a profile {profile} of your own", file=sys.stderr)
            continue
        yield from lines_of(profile, url, account=number, role=role, region=region)
    yield _END.format(url=url)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The file may be a link into a folder that the person keeps: it is written where it leads.
    target = path.resolve()
    fresh = target.with_name(f"{target.name}.sts-gateway-new")
    fresh.unlink(missing_ok=True)
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(target)


def _advise(url: str) -> None:
    print(
        "Written. Sign out with `aws sso logout --profile PROFILE`: without a profile the AWS CLI sends your token to\n"
        f"AWS's own host, unless AWS_ENDPOINT_URL_SSO={url}/sso is set.",
        file=sys.stderr,
    )
