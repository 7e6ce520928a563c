"""The trust of each role, compiled, and which part of it could concern an identity at all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.arn import issuer_path
from gateway.domain.role import Role
from gateway.roles.condition_keys import Facts, Reader, readers
from gateway.roles.decision import Refusal
from gateway.roles.index import Index
from gateway.roles.statements import MappingStatement, TrustPolicy

_FEW: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoleTrust:
    """Who may assume one role: its mappings, in the configuration's order, and the trust policy that it states."""

    role: Role
    mappings: tuple[MappingStatement, ...]
    stated: TrustPolicy
    index: Index[MappingStatement] | None
    """None where the mappings are few, which are judged sooner than they are looked up."""
    readers: Mapping[str, Reader]

    @classmethod
    def compiled(cls, role: Role, mappings: Sequence[MappingStatement], issuers: Mapping[str, str]) -> "RoleTrust":
        """Raises MalformedPolicyDocument."""
        return cls(
            role=role,
            mappings=tuple(mappings),
            stated=TrustPolicy.compiled(role.trust_policy, issuers),
            index=Index([(one, one.anchors) for one in mappings]) if len(mappings) > _FEW else None,
            readers=_readers_of(mappings),
        )

    def preselect(self, facts: Facts) -> list[MappingStatement]:
        """The mappings whose statement could match this identity."""
        if self.index is None:
            return list(self.mappings)
        return self.index.preselect(issuer_path(facts.identity.authority).lower(), _values(self.readers, facts))


def _readers_of(mappings: Sequence[MappingStatement]) -> Mapping[str, Reader]:
    if len(mappings) == 1:
        return mappings[0].readers
    return {key: reader for mapping in mappings for key, reader in mapping.readers.items()}


class TrustIndex:
    """Over all roles: which of them could trust an identity, and by which mappings."""

    __slots__ = ("_index", "_readers")

    def __init__(self, trusts: Sequence[RoleTrust], issuers: Mapping[str, str]) -> None:
        mapped = [((trust, mapping), mapping.anchors) for trust in trusts for mapping in trust.mappings]
        stated = [((trust, None), anchors) for trust in trusts for anchors in trust.stated.anchors]
        self._index: Index[tuple[RoleTrust, MappingStatement | None]] = Index([*mapped, *stated])
        self._readers = readers(self._index.keys(), issuers.values())

    def preselect(self, facts: Facts) -> dict[RoleTrust, list[MappingStatement]]:
        """Each role that could trust this identity, with the mappings that could; none where its own policy could."""
        found: dict[RoleTrust, list[MappingStatement]] = {}
        issuer = issuer_path(facts.identity.authority).lower()
        for trust, mapping in self._index.preselect(issuer, _values(self._readers, facts)):
            several = found.setdefault(trust, [])
            if mapping is not None:
                several.append(mapping)
        return found


def _values(known: Mapping[str, Reader], facts: Facts) -> Callable[[str], Sequence[str]]:
    def values(key: str) -> Sequence[str]:
        try:
            value = known[key](facts) if key in known else None
        except Refusal:
            # A statement that asks for this key cannot be judged, so it allows nothing.
            return ()
        return (value,) if isinstance(value, str) else value or ()

    return values
