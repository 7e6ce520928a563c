"""Condition keys and actions that are spelt almost right: no request has them, so a Deny may deny nothing."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.settings.action_names import ACTIONS, ASKED_OTHERWISE
from gateway.settings.faults import Fault, fault_at, shown
from gateway.settings.policy_check import place_of, source_of, uses
from gateway.settings.tree import Section

_CLOSE: Final = 0.8
_WILD: Final = ("*", "?", "${")
_AWS_KEYS: Final = (
    "AssumedRoot CalledVia CalledViaFirst CalledViaLast ChatbotSourceArn CurrentTime Ec2InstanceSourcePrivateIPv4 "
    "Ec2InstanceSourceVpc EpochTime FederatedProvider MultiFactorAuthAge MultiFactorAuthPresent PrincipalAccount "
    "PrincipalArn PrincipalIsAWSService PrincipalOrgID PrincipalOrgPaths PrincipalServiceName "
    "PrincipalServiceNamesList PrincipalTag PrincipalType Referer RequestTag RequestedRegion ResourceAccount "
    "ResourceOrgID ResourceOrgPaths ResourceTag SecureTransport SourceAccount SourceArn SourceIdentity SourceIp "
    "SourceOrgID SourceOrgPaths SourceOwner SourceVpc SourceVpcArn SourceVpce TagKeys TokenIssueTime UserAgent "
    "ViaAWSService VpcSourceIp VpceAccount VpceOrgID VpceOrgPaths userid username"
)
"""IAM User Guide, "AWS global condition context keys". What is unlike all of these may be one that came later."""


def _by_lower_case(words: str) -> dict[str, str]:
    return {word.lower(): word for word in words.split()}


_KEYS: Final = {
    "aws": _by_lower_case(_AWS_KEYS),
    "gateway": _by_lower_case("Acr Amr AuthenticationAge Groups Provider"),
}


def misspelt_words(root: Section) -> Iterator[Fault]:
    """A warning for each."""
    for use in uses(root):
        document = source_of(use.node)
        if document is None:
            continue
        for path, what, word, meant in _misspelt(document):
            message = f"no request has the {what} {shown(word)}; did you mean {shown(meant)}?"
            yield fault_at(place_of(path, use.node) or use.place, f"{use.key}.{path}", message)


def _misspelt(document: str | Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Path, kind, word and what was meant."""
    for number, statement in _statements(document):
        for element, word in _actions(statement):
            meant = ASKED_OTHERWISE.get(word.lower()) or _meant(word, ACTIONS)
            if meant is not None:
                yield f"Statement[{number}].{element}", "action", word, meant
        for path, key in _condition_keys(statement):
            meant = _meant(key, _KEYS)
            if meant is not None:
                yield f"Statement[{number}].Condition.{path}", "key", key, meant


def _meant(word: str, tables: Mapping[str, Mapping[str, str]]) -> str | None:
    """The word that was meant; None of one that is known, or like none."""
    vendor, _, rest = word.partition(":")
    name, slash, tag = rest.partition("/")
    known = tables.get(vendor.lower())
    if known is None or name.lower() in known or any(mark in name for mark in _WILD):
        return None
    import difflib  # noqa: PLC0415  for words that nobody knows

    close = difflib.get_close_matches(name.lower()[:80], known, n=1, cutoff=_CLOSE)
    return f"{vendor.lower()}:{known[close[0]]}{slash}{tag}" if close else None


def _statements(document: str | Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Each statement with its number. What is no policy at all is told by its own check."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return
    written = document.get("Statement") if isinstance(document, Mapping) else None
    for number, statement in enumerate(written if isinstance(written, list) else [written]):
        if isinstance(statement, Mapping):
            yield number, statement


def _actions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for element in ("Action", "NotAction"):
        written = statement.get(element)
        for number, word in enumerate(written if isinstance(written, list) else [written]):
            if isinstance(word, str):
                yield f"{element}[{number}]", word


def _condition_keys(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    conditions = statement.get("Condition")
    for operator, block in conditions.items() if isinstance(conditions, Mapping) else ():
        for key in block if isinstance(block, Mapping) else ():
            yield f"{operator}.{key}", key
