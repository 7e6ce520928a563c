"""How shells set the variables that AWS's SDKs and command read."""

from collections.abc import Mapping
from typing import Final

SET: Final[Mapping[str, str]] = {
    "bash": "export {name}='{value}'",
    "fish": "set -gx {name} '{value}'",
    "powershell": "$Env:{name} = '{value}'",
}
"""Shell: one line. Keys, tokens and a gateway's address hold no character that ends a quotation in any of them."""
_UNLESS_SET: Final[Mapping[str, str]] = {
    "bash": 'export {name}="${{{name}:-{value}}}"',
    "fish": "set -q {name}; or set -gx {name} '{value}'",
    "powershell": "if (-not $Env:{name}) {{ $Env:{name} = '{value}' }}",
}
# Without a region no SDK signs anything. Python's know the second name alone, all others the first.
_REGION: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")


def exported(variables: Mapping[str, str], shell: str, *, region: str) -> str:
    """Lines that set the variables, and the region where the person has chosen none. `shell`: one of SET."""
    lines = [SET[shell].format(name=name, value=value) for name, value in variables.items()]
    return "\n".join((*lines, *(_UNLESS_SET[shell].format(name=name, value=region) for name in _REGION)))
