"""`sts-gateway keys`: make, rotate and list the keys of sessions and ID tokens; shows no key, only ids and times."""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.cli.keyring_secret import KeyringSecret
    from gateway.sealing.issuer_key import IssuerKey
    from gateway.sealing.keyring import Keyring, SealingKey

SUMMARY: Final = "make, rotate and list the keys that seal session tokens and sign ID tokens"
EXAMPLE: Final = """
sts-gateway keys generate --keyring /var/lib/sts-gateway/keyring.json
sts-gateway keys rotate --keyring /var/lib/sts-gateway/keyring.json --seals-after 10m
sts-gateway keys rotate --kubernetes-secret sts/sts-gateway-keyring
sts-gateway keys list --keyring /var/lib/sts-gateway/keyring.json
"""
SEALS_AFTER: Final = "10m"
"""Long enough for every replica to read the new file, a Kubernetes Secret included."""

_LONGEST_WAIT: Final = 7 * 86400
_COLUMNS: Final = ("ID", "CREATED", "IN FORCE FROM", "FOR", "STATE")
_ACTIONS: Final = {
    "generate": "make a keyring with one key for each purpose, where there is none yet",
    "rotate": "add a key for each purpose, and drop those that no living session or ID token needs",
    "list": "show each key's id, times, purpose and state",
}
_IN_SECRETS: Final = {
    "generate": "one that has a keyring already is left as it is, so that a Job may run again",
    "rotate": "the service account needs `get` and `patch` of this one Secret",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer `generate`, `rotate` and `list`, each with `--keyring`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, summary in _ACTIONS.items():
        action = actions.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=f"example:\n  {_example_of(name)}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        in_secrets = name in _IN_SECRETS
        places = action.add_mutually_exclusive_group(required=True) if in_secrets else action
        places.add_argument(
            "--keyring", type=Path, required=not in_secrets, metavar="FILE", help="the configuration's keyring"
        )
        if in_secrets:
            places.add_argument(
                "--kubernetes-secret",
                type=_secret,
                metavar="NAMESPACE/NAME",
                help=f"inside a cluster: the Secret that keeps the keyring; {_IN_SECRETS[name]}",
            )
        if name == "rotate":
            action.add_argument(
                "--seals-after",
                type=_wait,
                default=SEALS_AFTER,
                metavar="DURATION",
                help=f"when the new keys begin to seal and sign: until then every replica must have read it; "
                f"default: {SEALS_AFTER}",
            )


def run(arguments: argparse.Namespace) -> int:
    """0: done; 1: refused, since the file is absent, exists already, or is no keyring that may be used."""
    from gateway.sealing.key_file import UnusableKeyring

    path, secret, now = arguments.keyring, vars(arguments).get("kubernetes_secret"), datetime.now(UTC)
    try:
        match arguments.action:
            case "generate" if secret is not None:
                _generate_in_cluster(secret, now)
            case "generate":
                _generate(path, now)
            case "rotate" if secret is not None:
                _rotate_in_cluster(secret, now, arguments.seals_after)
            case "rotate":
                _rotate(path, now, arguments.seals_after)
            case _:
                _list(path, now)
    except UnusableKeyring as fault:
        print(f"sts-gateway keys {arguments.action}: {fault}", file=sys.stderr)
        return 1
    return 0


def _generate(path: Path, now: datetime) -> None:
    from gateway.sealing.key_file import create, new_keyring

    keyring = new_keyring(now=now, in_force_from=now)
    create(path, keyring)
    _tell_made(path, keyring)


def _generate_in_cluster(secret: "KeyringSecret", now: datetime) -> None:
    from gateway.cli.keyring_secret import generate

    keyring = generate(secret, now=now)
    if keyring is None:
        print(f"{secret}: has a keyring already, which is left as it is")
    else:
        _tell_made(secret, keyring)


def _tell_made(place: object, keyring: "Keyring") -> None:
    print(f"{place}: made with key {keyring.keys[0].key_id.hex()}, which seals from now on")
    for key in keyring.issuer_keys:
        print(f"{place}: made with {key.algorithm} key {key.key_id.hex()}, which signs ID tokens from now on")


def _rotate(path: Path, now: datetime, seals_after: timedelta) -> None:
    from gateway.sealing.key_file import rotate

    _tell_added(path, rotate(path, now=now, seals_after=seals_after))


def _rotate_in_cluster(secret: "KeyringSecret", now: datetime, seals_after: timedelta) -> None:
    from gateway.cli.keyring_secret import rotate

    _tell_added(secret, rotate(secret, now=now, seals_after=seals_after))


def _tell_added(place: object, keyring: "Keyring") -> None:
    key = keyring.keys[-1]
    print(f"{place}: added key {key.key_id.hex()}, which opens now and seals from {_shown(key.seals_from)} on")
    newest = {added.algorithm: added for added in keyring.issuer_keys}
    for added in newest.values():
        print(
            f"{place}: added {added.algorithm} key {added.key_id.hex()}, "
            f"which is published now and signs ID tokens from {_shown(added.signs_from)} on"
        )


def _list(path: Path, now: datetime) -> None:
    from gateway.sealing.key_file import read

    lines = [_COLUMNS, *_rows(read(path), now)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(_COLUMNS))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _rows(keyring: "Keyring", now: datetime) -> Iterator[tuple[str, ...]]:
    in_force = [key for key in keyring.keys if key.seals_from <= now]
    for key in keyring.keys:
        yield key.key_id.hex(), _shown(key.created_at), _shown(key.seals_from), "sessions", _state(key, in_force)
    for issuer_key in keyring.issuer_keys:
        yield (
            issuer_key.key_id.hex(),
            _shown(issuer_key.created_at),
            _shown(issuer_key.signs_from),
            issuer_key.algorithm.value,
            _issuer_state(issuer_key, keyring, now),
        )


def _state(key: "SealingKey", in_force: "list[SealingKey]") -> str:
    if key not in in_force:
        return "opens, does not seal yet"
    return "seals now" if key == in_force[-1] else "opens"


def _issuer_state(key: "IssuerKey", keyring: "Keyring", now: datetime) -> str:
    if key.signs_from > now:
        return "published, does not sign yet"
    if key == keyring.issuer_key(key.algorithm, now):
        return "signs now"
    return "published" if key in keyring.published_keys(now) else "no longer published"


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _secret(text: str) -> "KeyringSecret":
    from gateway.cli.keyring_secret import KeyringSecret

    try:
        return KeyringSecret.named(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(f"{text!r}: {fault}") from None


def _wait(text: str) -> timedelta:
    from gateway.settings.values import duration, spelled

    try:
        seconds = duration(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(f"{text!r}: {fault}") from None
    if seconds > _LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"{text!r}: write at most {spelled(_LONGEST_WAIT)}")
    return timedelta(seconds=seconds)


def _example_of(action: str) -> str:
    return next(line for line in EXAMPLE.strip().splitlines() if f" {action} " in line)
