"""A second reading of the policy language, written from the reference alone: slow, naive, and unlike the engine.

Nothing is compiled, nothing is indexed, patterns are regular expressions. It shares no code with the engine, not even
the parser: it reads the documents as they are written.
"""

import base64
import datetime as dt
import ipaddress
import re
from fractions import Fraction
from typing import Any

SPELT = re.compile(r"\$\{(.*?)\}", re.DOTALL)


class Unresolved(Exception):
    """A variable has no value."""


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def written(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def values_of(key: str, context: dict[str, Any]) -> list[str]:
    found = [value for name, value in context.items() if name.lower() == key.lower()]
    return many(found[0]) if found else []


def atoms(text: str, version: str, context: dict[str, Any]) -> list[tuple[str, str]]:
    """Characters of the policy's own as `own`, those of values and escapes as `given`; Unresolved raises."""
    if version != "2012-10-17":
        return [("own", one) for one in text]
    result: list[tuple[str, str]] = []
    at = 0
    for match in SPELT.finditer(text):
        result += [("own", one) for one in text[at : match.start()]]
        result += [("given", one) for one in meant(match[1], context)]
        at = match.end()
    return result + [("own", one) for one in text[at:]]


def meant(body: str, context: dict[str, Any]) -> str:
    if body in ("*", "?", "$"):
        return body
    key, comma, default = body.partition(",")
    values = values_of(key.strip(), context)
    if len(values) == 1:
        return values[0]
    if values or not comma:
        raise Unresolved
    return default.strip()[1:-1]


def expression(several: list[tuple[str, str]]) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    parts = [wild.get(one, re.escape(one)) if kind == "own" else re.escape(one) for kind, one in several]
    return re.compile("".join(parts), re.DOTALL)


def like(text: str, version: str, context: dict[str, Any], given: str) -> bool:
    try:
        return bool(expression(atoms(text, version, context)).fullmatch(given))
    except Unresolved:
        return False


def same(text: str, version: str, context: dict[str, Any], given: str) -> bool:
    try:
        return "".join(one for _, one in atoms(text, version, context)) == given
    except Unresolved:
        return False


def parts_of(several: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    parts: list[list[tuple[str, str]]] = [[]]
    for atom in several:
        if atom == ("own", ":") and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append(atom)
    return parts


def arn_like(text: str, version: str, context: dict[str, Any], given: str) -> bool:
    pieces = given.split(":", 5)
    if len(pieces) < 6 or pieces[0] != "arn":
        return False
    try:
        pattern = parts_of(atoms(text, version, context))
    except Unresolved:
        return False
    if len(pattern) < 6:
        # `*`, or a variable whose value is a whole ARN.
        return like(text, version, context, given)
    return all(expression(part).fullmatch(piece) for part, piece in zip(pattern, pieces, strict=True))


def resource_matches(text: str, version: str, context: dict[str, Any], given: str) -> bool:
    return text == "*" or arn_like(text, version, context, given)


def number(text: str) -> Fraction | None:
    return Fraction(text) if re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text, re.ASCII) else None


def date(text: str) -> dt.datetime | None:
    if re.fullmatch(r"-?\d+(\.\d+)?", text) and len(text) != 4:
        return dt.datetime.fromtimestamp(float(text), dt.UTC)
    for form in ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"):
        try:
            found = dt.datetime.strptime(text, form)
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
    return None


def in_network(text: str, given: str) -> bool:
    try:
        address = ipaddress.ip_address(given)
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False

    def widened(value: Any) -> int:
        return int(value) if value.version == 6 else int(ipaddress.IPv6Address(f"::ffff:{value}"))

    mapped = ipaddress.ip_network("::ffff:0:0/96")
    is_four = address.version == 4 or address in mapped
    wants_four = network.version == 4 or network.subnet_of(mapped)
    return is_four == wants_four and (
        widened(network.network_address) <= widened(address) <= widened(network.broadcast_address)
    )


def decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def compare(sign: str, left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    return {
        "Equals": left == right,
        "LessThan": left < right,
        "LessThanEquals": left <= right,
        "GreaterThan": left > right,
        "GreaterThanEquals": left >= right,
    }[sign]


def one_matches(base: str, text: str, version: str, context: dict[str, Any], given: str) -> bool:
    """`base` without its negation."""
    if base == "StringEquals":
        return same(text, version, context, given)
    if base == "StringEqualsIgnoreCase":
        lowered = {key: [one.lower() for one in many(value)] for key, value in context.items()}
        return same(text.lower(), version, lowered, given.lower())
    if base == "StringLike":
        return like(text, version, context, given)
    if base == "Bool":
        lowered = {key: [one.lower() for one in many(value)] for key, value in context.items()}
        return given.lower() in ("true", "false") and same(text.lower(), version, lowered, given.lower())
    if base == "BinaryEquals":
        return decoded(text) is not None and decoded(text) == decoded(given)
    if base == "IpAddress":
        return in_network(text, given)
    if base.startswith("Arn"):
        return arn_like(text, version, context, given)
    if base.startswith("Numeric"):
        return compare(base.removeprefix("Numeric"), number(given), number(text))
    return compare(base.removeprefix("Date"), date(given), date(text))


def condition_holds(operator: str, key: str, wanted: list[str], version: str, context: dict[str, Any]) -> bool:
    values = values_of(key, context)
    if operator == "Null":
        return any((not values) == (text.lower() == "true") for text in wanted)
    quantifier, _, rest = operator.rpartition(":")
    base = rest.removesuffix("IfExists")
    if rest.endswith("IfExists") and not values:
        return True
    positive = base.replace("NotIp", "Ip").replace("Not", "")

    def matches(value: str) -> bool:
        found = any(one_matches(positive, text, version, context, value) for text in wanted)
        return found != (positive != base)

    if quantifier == "ForAllValues":
        return set(values) <= {""} or all(matches(value) for value in values)
    if quantifier == "ForAnyValue":
        return any(matches(value) for value in values)
    if positive != base:
        return all(matches(value) for value in values)
    return any(matches(value) for value in values)


def principal_names(element: Any, caller: Any) -> list[str]:
    """Of the caller's names, by `account`, `federated` or the ARN itself, those that the element holds."""
    if element == "*":
        return ["*"]
    names = []
    for kind, several in element.items():
        for text in many(several):
            if kind == "AWS" and text == "*":
                names.append("*")
            elif caller is None:
                continue
            elif kind == "AWS" and caller.account and text in (caller.account, f"arn:aws:iam::{caller.account}:root"):
                names.append("account")
            elif kind == "AWS" and text in caller.arns:
                names.append(text)
            elif kind == "Federated" and (text in caller.federated or (text == "*" and caller.federated)):
                names.append("federated")
    return names


def principal_matches(statement: dict[str, Any], caller: Any) -> bool:
    if "Principal" in statement:
        return bool(principal_names(statement["Principal"], caller))
    names = principal_names(statement["NotPrincipal"], caller) if "NotPrincipal" in statement else []
    if "NotPrincipal" not in statement or not names:
        return True
    if statement["Effect"] == "Allow" or "*" in names or "federated" in names:
        return False
    return not {"account", *caller.arns} <= set(names)


def excepted(statement: dict[str, Any]) -> list[str]:
    """The texts of what a statement leaves out: without a value for a variable, an Allow allows nothing."""
    texts = list(many(statement.get("NotResource", [])))
    for operator, keys in statement.get("Condition", {}).items():
        if "Not" in operator:
            texts += [written(value) for values in keys.values() for value in many(values)]
    return texts


def resolved(text: str, version: str, context: dict[str, Any]) -> bool:
    try:
        atoms(text, version, context)
    except Unresolved:
        return False
    return True


def matches(statement: dict[str, Any], version: str, query: dict[str, Any]) -> bool:
    context = query["context"]
    action = query["action"].lower()
    for element in ("Action", "NotAction"):
        if element in statement:
            found = any(like(text.lower(), "", context, action) for text in many(statement[element]))
            if found != (element == "Action"):
                return False
    for element in ("Resource", "NotResource"):
        if element in statement:
            texts = many(statement[element])
            found = any(resource_matches(text, version, context, query["resource"]) for text in texts)
            if found != (element == "Resource"):
                return False
    if not principal_matches(statement, query["caller"]):
        return False
    if statement["Effect"] == "Allow" and not all(resolved(text, version, context) for text in excepted(statement)):
        return False
    return all(
        condition_holds(operator, key, [written(value) for value in many(values)], version, context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def matching(documents: list[dict[str, Any]], query: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The statements that are about the query, each with its id; documents are named `p0`, `p1`, ..."""
    return [
        (f"p{number}.Statement[{at}]", statement)
        for number, document in enumerate(documents)
        for at, statement in enumerate(many(document["Statement"]))
        if matches(statement, document.get("Version", ""), query)
    ]


def decide(sets: dict[str, list[dict[str, Any]] | None], query: dict[str, Any], owner: str | None = None) -> Any:
    """Allowed, explicitly denied, and what is missing. Sets that are None do not count.

    `owner`: the account of the resource whose policies (`resource`), or of the role whose trust policy (`trust`), is
    among the sets.
    """
    found = {name: matching(several, query) for name, several in sets.items() if several is not None}
    if any(statement["Effect"] == "Deny" for several in found.values() for _, statement in several):
        return False, True, set()
    missing = {name for name, several in found.items() if not several}
    caller = query["caller"]
    if owner is None or (caller is not None and caller.account != owner):
        return not missing, False, missing
    for _, statement in found.get("resource", found.get("trust", [])):
        names = principal_names(statement["Principal"], caller) if "Principal" in statement else ["account"]
        sessions = [arn for arn in (caller.arns if caller else ()) if ":sts:" in arn]
        for name in names:
            if name in ("*", "federated") or ":sts:" in name or (":user/" in name and not sessions):
                # No naming in a trust policy leads a session out of what narrows it.
                missing = missing - {"identity"} if "trust" in found else set()
            elif name != "account":
                missing -= {"identity"}
    # A trust policy must always allow; another resource's policy need not, where the caller's own do.
    missing -= {"resource"}
    return not missing, False, missing
