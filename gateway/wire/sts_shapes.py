"""The shapes of STS's parameters (lengths, patterns, ranges), and a reading that tells all that is wrong at once.

Limits and patterns: the STS service model (API version 2011-06-15). Phrases: what AWS answers.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.domain.errors import ValidationFailed, Violation
from gateway.domain.tags import MAXIMUM_KEY, MAXIMUM_TAGS, MAXIMUM_VALUE, TAG_GRAMMAR, is_tag_text

_MAXIMUM_ECHO: Final = 512
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_NULL: Final = "Member must not be null"


class Matcher(Protocol):
    """A compiled pattern, or what tells as one does."""

    def fullmatch(self, text: str, /) -> object | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """A pattern, and how AWS's messages write it."""

    pattern: Matcher
    written: str


class _TagText:
    """AWS's classes of letters, numbers and separators, which Python's patterns do not have."""

    def fullmatch(self, text: str, /) -> object | None:
        return text if is_tag_text(text) else None


# \w is ASCII in AWS's patterns: a Cyrillic letter that looks like a Latin one must not pass as a session name.
NAME: Final = Grammar(pattern=re.compile(r"[\w+=,.@-]*", re.ASCII), written=r"[\w+=,.@-]*")
ARN: Final = Grammar(
    pattern=re.compile("[\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+"),
    written=r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+",
)
POLICY: Final = Grammar(pattern=re.compile("[\t\n\r\x20-\xff]+"), written=r"[\u0009\u000A\u000D\u0020-\u00FF]+")

EXTERNAL: Final = Grammar(pattern=re.compile(r"[\w+=,.@:/-]*", re.ASCII), written=r"[\w+=,.@:\/-]*")
SERIAL: Final = Grammar(pattern=re.compile(r"[\w+=/:,.@-]*", re.ASCII), written=r"[\w+=/:,.@-]*")
DIGITS: Final = Grammar(pattern=re.compile(r"[0-9]*"), written=r"[\d]*")
WORD: Final = Grammar(pattern=re.compile(r"\w*", re.ASCII), written=r"[\w]*")
TAG_KEY_TEXT: Final = Grammar(pattern=_TagText(), written=f"{TAG_GRAMMAR}+")
TAG_VALUE_TEXT: Final = Grammar(pattern=_TagText(), written=f"{TAG_GRAMMAR}*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text of `minimum` to `maximum` characters. A `secret` one is never told back."""

    name: str
    minimum: int
    maximum: int
    grammar: Grammar | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    name: str
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A list of at most `maximum` rows: `NAME.member.N.COLUMN`, or `NAME.member.N` where the one column has no name.

    Every row has every column. The bare NAME with an empty value is the empty list, as AWS's SDKs write it.
    """

    name: str
    maximum: int
    columns: tuple[Text, ...]

    @property
    def spelling(self) -> re.Pattern[str]:
        """Matches every right name; the groups are N and COLUMN."""
        columns = "|".join(re.escape(f".{column.name}" if column.name else "") for column in self.columns)
        return re.compile(rf"{re.escape(self.name)}(?:\.member\.([1-9][0-9]{{0,3}})({columns}))?")

    @property
    def written(self) -> str:
        return " or ".join(f"{self.name}.member.N{f'.{column.name}' if column.name else ''}" for column in self.columns)


Shape = Text | Number | Rows

ROLE_ARN: Final = Text(name="RoleArn", minimum=20, maximum=2048, grammar=ARN)
ROLE_SESSION_NAME: Final = Text(name="RoleSessionName", minimum=2, maximum=64, grammar=NAME)
WEB_IDENTITY_TOKEN: Final = Text(name="WebIdentityToken", minimum=4, maximum=20_000, secret=True)
PROVIDER_ID: Final = Text(name="ProviderId", minimum=4, maximum=2048)
SESSION_POLICY: Final = Text(name="Policy", minimum=1, maximum=2048, grammar=POLICY)
POLICY_ARN: Final = Text(name="arn", minimum=20, maximum=2048, grammar=ARN)
POLICY_ARNS: Final = Rows(name="PolicyArns", maximum=10, columns=(POLICY_ARN,))
ROLE_DURATION: Final = Number(name="DurationSeconds", minimum=900, maximum=43_200)
# MinIO's clients name no role and send their token's life, days at times; whoever opens the session cuts it.
UNNAMED_ROLE_DURATION: Final = Number(name="DurationSeconds", minimum=900, maximum=31_536_000)
MAXIMUM_SESSION_POLICIES: Final = 2048
SOURCE_IDENTITY: Final = Text(name="SourceIdentity", minimum=2, maximum=64, grammar=NAME)
EXTERNAL_ID: Final = Text(name="ExternalId", minimum=2, maximum=1224, grammar=EXTERNAL)
SERIAL_NUMBER: Final = Text(name="SerialNumber", minimum=9, maximum=256, grammar=SERIAL)
TOKEN_CODE: Final = Text(name="TokenCode", minimum=6, maximum=6, grammar=DIGITS, secret=True)
TAG_KEY: Final = Text(name="Key", minimum=1, maximum=MAXIMUM_KEY, grammar=TAG_KEY_TEXT)
TAG_VALUE: Final = Text(name="Value", minimum=0, maximum=MAXIMUM_VALUE, grammar=TAG_VALUE_TEXT)
TAGS: Final = Rows(name="Tags", maximum=MAXIMUM_TAGS, columns=(TAG_KEY, TAG_VALUE))
TRANSITIVE_TAG_KEY: Final = Text(name="", minimum=1, maximum=MAXIMUM_KEY, grammar=TAG_KEY_TEXT)
TRANSITIVE_TAG_KEYS: Final = Rows(name="TransitiveTagKeys", maximum=MAXIMUM_TAGS, columns=(TRANSITIVE_TAG_KEY,))
LONG_DURATION: Final = Number(name="DurationSeconds", minimum=900, maximum=129_600)
FEDERATED_NAME: Final = Text(name="Name", minimum=2, maximum=32, grammar=NAME)
ACCESS_KEY_ID: Final = Text(name="AccessKeyId", minimum=16, maximum=128, grammar=WORD)
ENCODED_MESSAGE: Final = Text(name="EncodedMessage", minimum=1, maximum=10_240)
AUDIENCE: Final = Text(name="", minimum=1, maximum=1_000)
AUDIENCES: Final = Rows(name="Audience", maximum=10, columns=(AUDIENCE,))
SIGNING_ALGORITHM: Final = Text(name="SigningAlgorithm", minimum=5, maximum=5)
TOKEN_DURATION: Final = Number(name="DurationSeconds", minimum=60, maximum=3_600)
PRINCIPAL_ARN: Final = Text(name="PrincipalArn", minimum=20, maximum=2048, grammar=ARN)
SAML_ASSERTION: Final = Text(name="SAMLAssertion", minimum=4, maximum=100_000, secret=True)
LDAP_USERNAME: Final = Text(name="LDAPUsername", minimum=1, maximum=256)
LDAP_PASSWORD: Final = Text(name="LDAPPassword", minimum=1, maximum=1_024, secret=True)
PROVIDER_NAME: Final = Text(name="ProviderId", minimum=1, maximum=2048)


def member_of(name: str) -> str:
    """A parameter's name as AWS's messages write it."""
    return name[:1].lower() + name[1:]


class Reading:
    """Reads parameters by their shapes and collects every violation; `finish` raises them together.

    What a reading returns before `finish` may stand for a refused value and must not be used.
    """

    __slots__ = ("_listed", "_values", "_violations")

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._listed = [name for name in values if "." in name]
        self._violations: list[Violation] = []

    def text(self, shape: Text) -> str | None:
        value = self._values.get(shape.name)
        if value is None:
            return None
        grammar = shape.grammar
        if not shape.minimum <= len(value) <= shape.maximum or (
            grammar is not None and grammar.pattern.fullmatch(value) is None
        ):
            self._check(member_of(shape.name), value, shape)
        return value

    def required_text(self, shape: Text) -> str:
        value = self.text(shape)
        if value is None:
            self.refuse(member_of(shape.name), None, _NULL)
        return value or ""

    def number(self, shape: Number) -> int | None:
        text = self._values.get(shape.name)
        if text is None:
            return None
        if _INTEGER.fullmatch(text) is None:
            self.refuse(member_of(shape.name), text, "Member must be an integer")
            return None
        number = int(text)
        if number > shape.maximum:
            told = f"Member must have value less than or equal to {shape.maximum}"
            self.refuse(member_of(shape.name), text, told)
        if number < shape.minimum:
            told = f"Member must have value greater than or equal to {shape.minimum}"
            self.refuse(member_of(shape.name), text, told)
        return number

    def rows(self, shape: Rows) -> tuple[Mapping[str, str], ...]:
        """The list's rows in the order of their numbers, the values of each by column."""
        if self._values.get(shape.name):
            self.refuse(member_of(shape.name), self._values[shape.name], f"Member must be sent as {shape.written}")
        found = self._found(shape) if self._listed else None
        if not found:
            return ()
        if len(found) > shape.maximum:
            told = f"Member must have length less than or equal to {shape.maximum}"
            self.refuse(member_of(shape.name), f"[{len(found)} members]", told)
            return ()
        for number in range(1, len(found) + 1):
            if number not in found:
                # A hole is a row that went missing on the way: a session policy lost would widen the session.
                self.refuse(f"{member_of(shape.name)}.{number}.member", None, _NULL)
                return ()
            for column in shape.columns:
                if column.name not in found[number]:
                    self.refuse(_column_of(shape, number, column), None, _NULL)
                    return ()
        return tuple(found[number] for number in sorted(found))

    def refuse(self, member: str, value: str | None, constraint: str) -> None:
        """Add a violation that no shape tells; `value` is shown to the caller."""
        shown = value if value is None or len(value) <= _MAXIMUM_ECHO else f"{value[:_MAXIMUM_ECHO]}..."
        self._violations.append(Violation(member=member, value=shown, constraint=constraint))

    def finish(self) -> None:
        """Raises ValidationFailed with every violation, in the order of reading."""
        if self._violations:
            raise ValidationFailed(self._violations)

    def _found(self, shape: Rows) -> dict[int, dict[str, str]]:
        begin = f"{shape.name}."
        names = [name for name in self._listed if name.startswith(begin)]
        found: dict[int, dict[str, str]] = {}
        if not names:
            return found
        spelling = shape.spelling
        columns = {f".{column.name}" if column.name else "": column for column in shape.columns}
        for name in names:
            match = spelling.fullmatch(name)
            if match is not None:
                number, column = int(match[1]), columns[match[2]]
                found.setdefault(number, {})[column.name] = self._values[name]
                self._check(_column_of(shape, number, column), self._values[name], column)
        return found

    def _check(self, member: str, value: str, shape: Text) -> None:
        for constraint in _broken(value, shape):
            if shape.secret:
                self._violations.append(Violation(member=member, value=None, constraint=constraint, redacted=True))
            else:
                self.refuse(member, value, constraint)


def _column_of(shape: Rows, number: int, column: Text) -> str:
    row = f"{member_of(shape.name)}.{number}.member"
    return f"{row}.{member_of(column.name)}" if column.name else row


def _broken(value: str, shape: Text) -> Iterator[str]:
    if shape.grammar is not None and shape.grammar.pattern.fullmatch(value) is None:
        yield f"Member must satisfy regular expression pattern: {shape.grammar.written}"
    if len(value) > shape.maximum:
        yield f"Member must have length less than or equal to {shape.maximum}"
    if len(value) < shape.minimum:
        yield f"Member must have length greater than or equal to {shape.minimum}"
