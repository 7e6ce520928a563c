"""`sts-gateway configure`: profiles of AWS's command and SDKs for every role of whoever is signed in."""

import argparse
import difflib
import errno
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
# Indented ones go on with the value above them, but for the first of a file.
_HEADER: Final = re.compile(r"(?:\A\s*|^)\[.+\]", re.MULTILINE)


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
    from gateway.client.person import Person, cache_folder, home_folder

    center = IdentityCenter(arguments.url, ca_file=arguments.ca_file)
    person = Person(center, cache_folder(os.environ))
    rows = person.roles()
    path = Path(os.environ.get("AWS_CONFIG_FILE") or home_folder() / ".aws/config").expanduser()
    before = _text_of(path)
    rest = without_block(before, center.url)
    ca_file = arguments.ca_file and str(Path(arguments.ca_file).absolute())
    process = arguments.credential_process
    block = "\n".join(block_of(center.url, rows, arguments.region, rest, process=process, ca_file=ca_file))
    after = f"{rest.rstrip()}\n\n{block}\n".lstrip()
    if after == before:
        print("Nothing changes.", file=sys.stderr)
        return
    print("".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), str(path), str(path))), end="")
    if not arguments.yes and input("Write this? [y/N] ").strip().lower() not in {"y", "yes"}:
        print("Nothing was written.", file=sys.stderr)
        return
    _write(path, after)
    _advise(center.url, ca_file)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except UnicodeDecodeError:
        raise OSError(errno.EILSEQ, "is not UTF-8; nothing was written", str(path)) from None


def without_block(text: str, url: str) -> str:
    """`text` without what this command wrote for `url` before; all else as it stands."""
    begin, end = (re.escape(mark.format(url=url)) for mark in (_BEGIN, _END))
    # Never from one beginning over another: between them, where an end mark is gone, stands what is the person's own.
    return re.sub(rf"^{begin}$(?:(?!^{begin}$).)*?^{end}$\n?", "", text, flags=re.MULTILINE | re.DOTALL)


def block_of(
    url: str, rows: Sequence[tuple[str, str, str]], region: str, rest: str, *, process: bool, ca_file: str | None = None
) -> Iterator[str]:
    """The lines between the marks, marks included. A section that stands in `rest` is the person's own and stays."""
    yield _BEGIN.format(url=url)
    # AWS's programs read nothing at all of a file in which a section stands twice.
    present = {_plain(header) for header in _HEADER.findall(rest)}
    for header, *lines in _sections(url, rows, region, process=process, ca_file=ca_file):
        if _plain(header) in present:
            print(f"left alone: you have a {header.strip('[]')} of your own", file=sys.stderr)
        else:
            yield from (header, *lines)
    yield _END.format(url=url)


def _plain(header: str) -> str:
    """`[profile "a"]` is `[profile a]`."""
    return " ".join(re.sub(r"""[]['"]""", " ", header).split())


def _sections(
    url: str, rows: Sequence[tuple[str, str, str]], region: str, *, process: bool, ca_file: str | None
) -> Iterator[Iterable[str]]:
    if not process:
        yield aws_profile.sso_session(url, region)
    yield aws_profile.services(url)
    often = Counter(f"{alias}-{role}" for _, alias, role in rows)
    for number, alias, role in rows:
        # `a-b` and `c` are `a` and `b-c` too.
        profile = f"{alias}-{role}" if often[f"{alias}-{role}"] == 1 else f"{number}-{role}"
        if process:
            yield aws_profile.process_profile(profile, url, account=number, role=role, region=region, ca_file=ca_file)
        else:
            yield aws_profile.sso_profile(profile, url, account=number, role=role, region=region)


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


def _advise(url: str, ca_file: str | None) -> None:
    print(
        "Written. Sign out with `aws sso logout --profile PROFILE`: without a profile the AWS CLI sends your token to\n"
        f"AWS's own host, unless AWS_ENDPOINT_URL_SSO={url}/sso is set.",
        file=sys.stderr,
    )
    if ca_file:
        print(f"AWS's programs know the gateway's CA by AWS_CA_BUNDLE={ca_file}.", file=sys.stderr)
