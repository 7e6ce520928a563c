"""Trust policies that are valid and dangerous: statements that hold for more people than they seem to name."""

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.settings.faults import Fault, fault_at, shown
from gateway.settings.lint import crossing, globs_of, says_whose, telling_claims
from gateway.settings.tree import Entry, Listing, Node, Section, child, entries_of, items_of, text_of

_EVERYBODY: Final = "*"
_PROVIDER_ARN: Final = ":oidc-provider/"
_FOR_ALL: Final = "ForAllValues:"
_IF_EXISTS: Final = "IfExists"
_NEGATIVE: Final = "Not"
_LIKE: Final = "StringLike"
_SUBJECT: Final = ":sub"
_ABSENCE: Final = "Null"


def dangerous_trust(root: Section) -> Iterator[Fault]:
    """A warning for each Allow statement of a trust policy that lets in more than it says."""
    for name, role in entries_of(child(root, "roles")).items():
        statements = child(role.node, "trust_policy", "Statement")
        written = statements.items if isinstance(statements, Listing) else [statements] if statements else []
        for at, statement in enumerate(written):
            if text_of(child(statement, "Effect")) == "Allow":
                for message in _dangers(statement):
                    yield fault_at(statement.place, f"roles.{name}.trust_policy.Statement[{at}]", message)


def _dangers(statement: Node) -> Iterator[str]:
    principals = _principals(statement)
    if _EVERYBODY in principals:
        yield "names everybody as Principal; name accounts, roles or providers"
    conditions = entries_of(child(statement, "Condition"))
    firm = [entry.node for operator, entry in conditions.items() if _asks_for_presence(operator)]
    if conditions and not firm:
        yield (
            "all its conditions hold too where their key is absent (Not..., ...IfExists, ForAllValues:); "
            "add one that asks for a value"
        )
    yield from _crossing_globs(conditions)
    asked = {key.casefold() for node in firm for key, entry in entries_of(node).items() if says_whose(entry.node)}
    for issuer in (text.partition(_PROVIDER_ARN)[2] for text in principals if _PROVIDER_ARN in text):
        telling = telling_claims(f"https://{issuer}")
        if telling and not any(f"{issuer}:{claim}".casefold() in asked for claim in telling):
            names = " or ".join(f"`{issuer}:{claim}`" for claim in telling[:2])
            yield f"the issuer {shown(issuer)} signs tokens for everybody; add a condition on {names}"


def _crossing_globs(conditions: Mapping[str, Entry]) -> Iterator[str]:
    for operator, entry in conditions.items():
        for key, values in entries_of(entry.node).items():
            if operator.endswith(_LIKE) and key.casefold().endswith(_SUBJECT):
                yield from (told for glob in globs_of(values.node) if (told := crossing(glob)) is not None)


def _principals(statement: Node) -> list[str]:
    principal = child(statement, "Principal")
    nodes = [entry.node for entry in entries_of(principal).values()] or ([principal] if principal else [])
    flat = [item for node in nodes for item in (items_of(node) or [node])]
    return [text for node in flat if (text := text_of(node)) is not None]


def _asks_for_presence(operator: str) -> bool:
    # IAM User Guide, "Condition operators": negated ones, those with IfExists and ForAllValues hold for absent keys.
    weak = operator.endswith(_IF_EXISTS) or operator.startswith(_FOR_ALL)
    return not weak and _NEGATIVE not in operator and operator != _ABSENCE
