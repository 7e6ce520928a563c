"""Parameters of OAuth requests: each at most once, and empty ones left out."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

_MAXIMUM_FIELDS: Final = 32


class UnreadableParameters(Exception):
    """Not a query or form, or one parameter twice; the message says which."""


def read(text: str) -> Mapping[str, str]:
    """The parameters of a query or a form.

    RFC 6749 section 3.1: parameters without a value are as if omitted, and none may stand twice (two readers would
    take two different ones). Raises UnreadableParameters.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAXIMUM_FIELDS)
    except ValueError:
        raise UnreadableParameters("the parameters are not a form of UTF-8 text") from None
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise UnreadableParameters("a parameter stands twice")
    return {name: value for name, value in parameters.items() if value}
