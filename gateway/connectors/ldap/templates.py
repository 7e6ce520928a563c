"""DNs with a place for a person's name, escaped for it."""

import re
from dataclasses import dataclass
from typing import Final

from gateway.domain.directory_names import NotADistinguishedName, parsed

_PLACE: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class DnTemplate:
    """A DN with `{username}`."""

    text: str

    @classmethod
    def read(cls, text: str) -> "DnTemplate":
        """Raises ValueError with the mend."""
        if set(_PLACE.findall(text)) != {"username"}:
            raise ValueError("the template needs {username}, and nothing else in braces: uid={username},ou=people,...")
        try:
            parsed(_PLACE.sub("x", text))
        except NotADistinguishedName as fault:
            raise ValueError(f"the template is no DN: {fault}; write uid={{username}},ou=people,dc=...") from None
        return cls(text)

    def filled(self, username: str) -> str:
        return _PLACE.sub(lambda _: escaped(username), self.text)


def escaped(value: str) -> str:
    """`value` as an attribute value of a DN (RFC 4514 2.4), escaped beyond need: plain letters and digits alone stay.

    What is neither can then mean nothing to any server's parser.
    """
    return "".join(
        character
        if character.isascii() and character.isalnum()
        else "".join(f"\\{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
        for character in value
    )
