"""A filter for people without the name: what else an entry must be to be somebody who may sign in."""

from dataclasses import replace
from typing import Final

from gateway.connectors.ldap.filters import EVERYTHING, Compared, Extensible, Filter, Joined, Present, Substrings

_NOT: Final = 0xA2


def for_anybody(query: Filter) -> Filter:
    """`query` for whichever name: each comparison with a place asks only whether the attribute is there.

    A person who is known is looked up by what never changes; that the name fits was seen when they signed in.
    """
    if not query.places():
        return query
    if isinstance(query, Joined):
        # Within a `not` presence would say the contrary.
        return EVERYTHING if query.tag == _NOT else replace(query, parts=tuple(map(for_anybody, query.parts)))
    named = isinstance(query, Compared | Extensible | Substrings) and query.attribute
    return Present(attribute=named) if named else EVERYTHING
