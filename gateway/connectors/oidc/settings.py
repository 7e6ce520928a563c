"""What a provider of `type: oidc` can be told in settings; every fault is a sentence with its mend."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from gateway.connectors.compact_jws import SIGNATURE_ALGORITHMS
from gateway.connectors.hosts import is_loopback

_ALGORITHMS_TOLD: Final = ", ".join(sorted(SIGNATURE_ALGORITHMS))

_DISCOVERY: Final = "/.well-known/openid-configuration"


def _issuer(value: str) -> str:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("the issuer holds characters that no URL has; copy it from the provider's discovery document")
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("the issuer is not a URL; write it as the provider's tokens do, https://HOST[/PATH]") from None
    if parts.scheme not in {"https", "http"} or not host:
        raise ValueError("the issuer is a URL with scheme and host; write it as the provider's tokens do")
    if "?" in value or "#" in value or "@" in parts.netloc:
        raise ValueError("the issuer has a query, fragment or user name, which OpenID Connect does not allow; drop it")
    if parts.path.endswith(_DISCOVERY):
        raise ValueError(f"this is the address of the discovery document; the issuer ends before {_DISCOVERY}")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("the issuer is plain http, over which keys can be forged; use https (http only on loopback)")
    return value


def _algorithm(value: object) -> object:
    if isinstance(value, str) and value not in SIGNATURE_ALGORITHMS:
        why = ""
        if value.upper().startswith("HS"):
            why = " (whoever can check an HMAC can also forge it)"
        elif value.lower() == "none":
            why = " (anybody could write such a token)"
        raise ValueError(f"algorithm {value} is not taken{why}; choose among {_ALGORITHMS_TOLD}")
    return value


def _list(value: object) -> object:
    if isinstance(value, str):
        # Scopes are often one text, as the protocol writes them.
        raise ValueError(f"this is a list; write [{', '.join(value.split())}]")  # noqa: TRY004  pydantic turns ValueError into a finding
    return value


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise ValueError("one value stands twice; drop one")
    return values


def _filled(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError(f"the list is empty; name at least one of {_ALGORITHMS_TOLD}, or leave the key out")
    return values


def _given(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value():
        raise ValueError("empty, as a variable that is set to nothing makes it; give the provider's, or leave it away")
    return secret


def _openid(values: tuple[str, ...]) -> tuple[str, ...]:
    if "openid" not in values:
        raise ValueError("scopes lack `openid`, without which a provider gives no ID token; add it")
    return values


_Text = Annotated[str, Field(min_length=1, max_length=1_024)]
_Texts = Annotated[tuple[_Text, ...], BeforeValidator(_list), AfterValidator(_distinct)]
_Algorithms = Annotated[
    tuple[Annotated[str, BeforeValidator(_algorithm)], ...],
    BeforeValidator(_list),
    AfterValidator(_distinct),
    AfterValidator(_filled),
]


class ClaimPaths(BaseModel):
    """Where a token holds what an Identity needs: a claim's name, or a path of names joined by dots."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    username: _Text = "sub"
    groups: _Text = "groups"
    email: _Text = "email"


class OidcSettings(BaseModel):
    """One provider of `type: oidc`. Paths of files are used as given: the loader makes them absolute."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    type: Literal["oidc"]
    issuer: Annotated[_Text, AfterValidator(_issuer)]
    """Compared with `iss` character for character; discovery stands below it."""
    audiences: _Texts = ()
    """Accepted `aud` of AssumeRoleWithWebIdentity."""
    authorized_parties: _Texts | None = None
    """Accepted `azp` where `aud` has several values; None: `client_id` and the audiences."""
    client_id: _Text | None = None
    client_secret: Annotated[SecretStr, AfterValidator(_given)] | None = None
    scopes: Annotated[_Texts, AfterValidator(_openid)] = ("openid", "profile", "email")
    algorithms: _Algorithms = ("RS256", "ES256")
    ca_file: Path | None = None
    bearer_token_file: Path | None = None
    jwks_file: Path | None = None
    claims: ClaimPaths = ClaimPaths()

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        if not self.audiences and self.client_id is None:
            raise ValueError(
                "audiences is missing: name the `aud` of tokens that may be traded, for instance [sts.amazonaws.com]"
            )
        if self.client_secret is not None and self.client_id is None:
            raise ValueError("client_secret stands without client_id; add the id that the provider gave with it")
        return self

    @property
    def accepted_parties(self) -> frozenset[str]:
        """Accepted `azp` where `aud` has several values."""
        if self.authorized_parties is not None:
            return frozenset(self.authorized_parties)
        return frozenset((*self.audiences, *((self.client_id,) if self.client_id else ())))
