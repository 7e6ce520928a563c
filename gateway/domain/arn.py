"""Amazon Resource Names of the things that the gateway knows."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from gateway.domain.errors import InvalidArn

_ROLE: Final = re.compile(r"arn:aws:iam::(\d{12}):role((?:/[\x21-\x2e\x30-\x7e]+)*/)([\w+=,.@-]{1,64})", re.ASCII)
# What AWS calls an ARN at all: partition, service and resource are there, six parts.
_ANY: Final = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)

_SAML_PROVIDER: Final = re.compile(r"arn:aws:iam::(\d{12}):saml-provider/([\w.-]{1,128})", re.ASCII)

_PARTS: Final = 6
_REMEMBERED: Final = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleArn:
    """`arn:aws:iam::ACCOUNT:role/[path/]NAME`."""

    account: str
    path: str
    name: str
    _text: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # One ARN is written a dozen times on the way of one request.
        object.__setattr__(self, "_text", f"arn:aws:iam::{self.account}:role{self.path}{self.name}")

    @classmethod
    @lru_cache(maxsize=_REMEMBERED)
    def parse(cls, text: str) -> "RoleArn":
        """Read a role's ARN. Raises InvalidArn for anything else."""
        match = _ROLE.fullmatch(text)
        if match is None:
            raise InvalidArn(value=text, is_arn=_ANY.fullmatch(text) is not None)
        account, path, name = match.groups()
        return cls(account=account, path=path, name=name)

    def __str__(self) -> str:
        return self._text


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlProviderArn:
    """`arn:aws:iam::ACCOUNT:saml-provider/NAME`."""

    account: str
    name: str

    @classmethod
    def parse(cls, text: str) -> "SamlProviderArn":
        """Read a SAML provider's ARN. Raises InvalidArn for anything else."""
        match = _SAML_PROVIDER.fullmatch(text)
        if match is None:
            raise InvalidArn(value=text, is_arn=_ANY.fullmatch(text) is not None)
        return cls(account=match[1], name=match[2])


def session_arn(account: str, role_name: str, session_name: str) -> str:
    """ARN of one session of a role; the role's path does not appear in it (IAM User Guide, "Identifiers")."""
    return f"arn:aws:sts::{account}:assumed-role/{role_name}/{session_name}"


def user_arn(account: str, path: str, name: str) -> str:
    return f"arn:aws:iam::{account}:user{path}{name}"


def federated_user_arn(account: str, name: str) -> str:
    return f"arn:aws:sts::{account}:federated-user/{name}"


def account_and_name(arn: str) -> tuple[str, str]:
    """The account of an IAM entity's ARN, and its name without the path. Raises InvalidArn where it has neither."""
    parts = arn.split(":")
    name = arn.rpartition("/")[2]
    if len(parts) != _PARTS or not parts[4] or not name:
        raise InvalidArn(value=arn, is_arn=False)
    return parts[4], name


@lru_cache(maxsize=_REMEMBERED)
def issuer_path(issuer: str) -> str:
    """An issuer URL as ARNs and condition keys write it: host, port and path, without scheme or final slash."""
    parts = urlsplit(issuer)
    return f"{parts.netloc}{parts.path}".rstrip("/")


@lru_cache(maxsize=_REMEMBERED)
def oidc_provider_arn(account: str, issuer: str) -> str:
    return f"arn:aws:iam::{account}:oidc-provider/{issuer_path(issuer)}"


def ldap_issuer(name: str) -> str:
    """What stands for an issuer where people come from a directory: its ARNs are `arn:aws:iam::ACCOUNT:` and this."""
    return f"ldap-provider/{name}"


def ldap_provider_arn(account: str, name: str) -> str:
    return f"arn:aws:iam::{account}:{ldap_issuer(name)}"


def saml_authority(name: str) -> str:
    """What stands for an issuer where people come by SAML: their entity id stands in metadata that may come later."""
    return f"saml-provider/{name}"


def saml_provider_arn(account: str, name: str) -> str:
    return f"arn:aws:iam::{account}:{saml_authority(name)}"


def subject_arn(region: str, account: str, provider: str, subject: str) -> str:
    """A person, in the eyes of one account: what `gateway:Revoke` is asked on."""
    return f"arn:aws:gateway:{region}:{account}:subject/{provider}/{subject}"


def service_arn(region: str, account: str, name: str) -> str:
    return f"arn:aws:gateway:{region}:{account}:service/{name}"
