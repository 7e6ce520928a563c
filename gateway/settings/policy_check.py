"""Every policy document of the configuration, judged by the policy engine's own parser."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.domain.errors import MalformedPolicyDocument
from gateway.policy.document import PolicyKind, parse_policy
from gateway.policy.json_text import read_document
from gateway.settings.faults import Fault, Place, fault_at
from gateway.settings.models.section import is_json
from gateway.settings.policy_mending import mended
from gateway.settings.tree import Listing, Node, Section, child, entries_of, items_of, plain, text_of

_INDEX: Final = re.compile(r"\[([0-9]{1,6})\]")
_MOST_TOLD: Final = 20
_DENIES: Final = {"Action": "*", "Resource": "*", "Effect": "Deny"}
_SOUND: Final[Mapping[PolicyKind, Mapping[str, object]]] = {
    PolicyKind.IDENTITY: _DENIES,
    PolicyKind.BOUNDARY: _DENIES,
    PolicyKind.TRUST: {"Principal": "*", "Action": "sts:AssumeRole", "Effect": "Deny"},
}
"""A statement that no parser minds, for each kind of document that a configuration holds, in the order it is read."""


@dataclass(frozen=True, slots=True)
class Use:
    """One document in one use; `key` leads to it, `place` is where its key stands."""

    key: str
    place: Place
    node: Node
    kind: PolicyKind


def policy_faults(root: Section) -> Iterator[Fault]:
    """The faults of each document, at their own lines where the document is YAML."""
    for use in uses(root):
        source = source_of(use.node)
        if source is None:
            continue
        for error in _errors_of(source, use):
            place = place_of(error.path, use.node) or use.place
            yield fault_at(place, f"{use.key}.{error.path}" if error.path else use.key, error.problem)


def _errors_of(source: str | dict[str, object], use: Use) -> Iterator[MalformedPolicyDocument]:
    """One fault after the other: something sound takes the place of each, so that the next shows."""
    document: Mapping[str, object] | str | None = source
    told: set[str] = set()
    while document is not None and len(told) < _MOST_TOLD:
        try:
            parse_policy(document, use.kind, name=use.key)
        except MalformedPolicyDocument as error:
            if str(error) in told:
                return
            yield error
            told.add(str(error))
            document = mended(_read(document), error.path, _SOUND[use.kind])
        else:
            return


def _read(document: Mapping[str, object] | str) -> Mapping[str, object]:
    """What can be read of it: of a text that is no JSON at all nothing."""
    if not isinstance(document, str):
        return document
    try:
        return read_document(document)
    except MalformedPolicyDocument:
        return {}


def source_of(node: Node) -> str | dict[str, object] | None:
    """The document that stands at `node`; None where only its name does."""
    if isinstance(node, Section):
        document: dict[str, object] = plain(node)
        return document
    text = text_of(node)
    return text if is_json(text) else None


def uses(root: Section) -> Iterator[Use]:
    """Every document and every name of one, by where it stands."""
    named = entries_of(child(root, "policies"))
    for name, entry in named.items():
        yield Use(f"policies.{name}", entry.place, entry.node, PolicyKind.IDENTITY)
    for section in ("roles", "users"):
        for name, entry in entries_of(child(root, section)).items():
            for at, policy in enumerate(items_of(child(entry.node, "policies"))):
                yield Use(f"{section}.{name}.policies[{at}]", policy.place, policy, PolicyKind.IDENTITY)
    for name, entry in entries_of(child(root, "roles")).items():
        keys = entries_of(entry.node)
        if "trust_policy" in keys:
            trust = keys["trust_policy"]
            yield Use(f"roles.{name}.trust_policy", trust.place, trust.node, PolicyKind.TRUST)
        if "permissions_boundary" in keys:
            boundary = keys["permissions_boundary"]
            yield Use(f"roles.{name}.permissions_boundary", boundary.place, boundary.node, PolicyKind.BOUNDARY)


def place_of(path: str, node: Node) -> Place | None:
    """The place that a path such as `Statement[1].Condition.StringLike` leads to, or as near as it can be followed."""
    place: Place | None = None
    rest = path
    while rest:
        index = _INDEX.match(rest)
        if index and isinstance(node, Listing) and int(index[1]) < len(node.items):
            node = node.items[int(index[1])]
            place = node.place
            rest = rest[index.end() :].removeprefix(".")
        elif index:
            # One statement or value needs no list around it; the path counts it all the same.
            rest = rest[index.end() :].removeprefix(".")
        else:
            # Condition keys hold dots themselves, so the longest key that the path goes on with is the step.
            keys = [key for key in entries_of(node) if rest == key or rest.startswith((f"{key}.", f"{key}["))]
            if not keys:
                return place
            step = max(keys, key=len)
            entry = entries_of(node)[step]
            node, place = entry.node, entry.place
            rest = rest[len(step) :].removeprefix(".")
    return place
