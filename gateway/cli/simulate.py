"""`sts-gateway simulate`: what the policies of a role's session decide about one request, and by which statements."""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.cli.access import UnknownName, chosen_roles, printable

if TYPE_CHECKING:
    from gateway.policy.decision import Decision

SUMMARY: Final = (
    "tell what a session of a role may do: the decision about one action on one resource, and by which statements; "
    "the role's tags and ARN are condition keys, as in a session, and --context adds others or takes their place"
)
EXAMPLE: Final = """
sts-gateway simulate --config config/example.yaml --role data-platform/EtlJob --action s3:GetObject \\
  --resource arn:aws:s3:::lake/2026/03.csv
sts-gateway simulate --config config/example.yaml --role data-platform/Analyst --action s3:PutObject \\
  --resource arn:aws:s3:::lake/home/finance/a.csv --context aws:PrincipalTag/department=finance --format table
"""
_ACTION: Final = re.compile(r"[A-Za-z0-9-]{1,64}:[A-Za-z0-9_.-]{1,128}")
_ARN: Final = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)
_EVERYTHING: Final = "*"
_LONGEST_POLICY: Final = 2048


class _BadUsage(Exception):
    """The request cannot be asked about; the message tells the mend."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the request's parts, `--session-policy` and `--format`."""
    parser.add_argument("--config", type=Path, required=True, metavar="PATH", help="a YAML file, or a folder of *.yaml")
    parser.add_argument("--role", required=True, metavar="ACCOUNT/ROLE", help="whose session asks")
    parser.add_argument("--action", required=True, metavar="VENDOR:NAME", help="such as s3:GetObject")
    parser.add_argument("--resource", required=True, metavar="ARN", help="what it is done to; * for no resource")
    parser.add_argument(
        "--context",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a condition key's value; give a key several times for several values",
    )
    parser.add_argument(
        "--session-policy", type=Path, metavar="FILE", help="a policy as JSON that narrows the session, as STS takes it"
    )
    parser.add_argument("--format", choices=tuple(FORMATS), default="json", help="default: json")


def run(arguments: argparse.Namespace) -> int:
    """Tell the decision. 0: decided, either way; 2: bad usage or configuration.

    Raises ConfigurationError.
    """
    from gateway.settings.compiled import catalog_of
    from gateway.settings.load import load

    catalog = catalog_of(load(arguments.config))
    try:
        (role,) = chosen_roles(catalog, arguments.role) or ()
        decision = _decided(catalog, role, arguments)
    except (UnknownName, _BadUsage) as fault:
        print(f"sts-gateway simulate: {printable(str(fault))}", file=sys.stderr)
        return 2
    FORMATS[arguments.format](_told(decision))
    return 0


def _decided(catalog: Any, role: Any, arguments: argparse.Namespace) -> "Decision":
    from gateway.domain.clock import SteadyClock
    from gateway.domain.errors import MalformedPolicyDocument
    from gateway.exchange.simulate import SimulatedRequest, simulate

    _check(_ACTION, arguments.action, "--action", "write one action, such as s3:GetObject")
    if arguments.resource != _EVERYTHING:
        _check(_ARN, arguments.resource, "--resource", "write an ARN with six parts, such as arn:aws:s3:::lake/a, or *")
    request = SimulatedRequest(
        role=role,
        action=arguments.action,
        resource=arguments.resource,
        context=_context(arguments.context),
        session_policy=_session_policy(arguments.session_policy),
    )
    try:
        return simulate(catalog, request, SteadyClock().now())
    except MalformedPolicyDocument as fault:
        where = f"{fault.path} " if fault.path else ""
        raise _BadUsage(f"--session-policy {arguments.session_policy}: {where}{fault.problem}") from None


def _check(grammar: re.Pattern[str], value: str, option: str, mend: str) -> None:
    if not grammar.fullmatch(value):
        raise _BadUsage(f"{option} {value!r} is none; {mend}")


def _context(given: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Keys in lower case: condition keys that differ only by case are one."""
    context: dict[str, tuple[str, ...]] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise _BadUsage(f"--context {pair!r} has no value; write KEY=VALUE, such as aws:SourceIp=192.0.2.1")
        folded = key.strip().lower()
        context[folded] = (*context.get(folded, ()), value)
    return context


def _session_policy(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8"
        raise _BadUsage(f"--session-policy {path} cannot be read: {reason}; name a file of JSON") from None
    if len(text) > _LONGEST_POLICY:
        raise _BadUsage(f"--session-policy {path} is longer than the {_LONGEST_POLICY} characters that STS takes")
    return text


def _told(decision: "Decision") -> dict[str, Any]:
    return {
        "decision": "allow" if decision.allowed else "deny",
        "reason": decision.reason,
        "matched": [{"statement": one.statement_id, "sid": one.sid, "effect": one.effect} for one in decision.matched],
    }


def _print_json(told: Mapping[str, Any]) -> None:
    print(json.dumps(told, indent=2))


def _print_table(told: Mapping[str, Any]) -> None:
    rows = [("decision", told["decision"]), ("reason", told["reason"])]
    for one in told["matched"]:
        sid = f" ({one['sid']})" if one["sid"] else ""
        rows.append(("matched", f"{one['effect']} {one['statement']}{sid}"))
    for name, value in rows:
        print(f"{name:<8}  {printable(value)}")


FORMATS: Final[Mapping[str, Callable[[Mapping[str, Any]], None]]] = {"json": _print_json, "table": _print_table}
