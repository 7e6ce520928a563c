"""The section `users`: long-lived keys of machines and operators."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from gateway.settings.models.section import Policy, SectionModel

SHORTEST_SECRET: Final = 16
LONGEST_SECRET: Final = 128


def _secret(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not SHORTEST_SECRET <= len(text) <= LONGEST_SECRET or not text.isascii() or any(c <= " " for c in text):
        raise ValueError(
            f"not a secret key; write {SHORTEST_SECRET} to {LONGEST_SECRET} printable ASCII characters without spaces"
        )
    return value


def _access_key_id(value: str) -> str:
    if len(value) != 20 or not value.startswith("AKIA"):
        raise ValueError("not a long-lived access key id; write AKIA and 16 upper-case letters or digits")
    return value


class AccessKeySection(SectionModel):
    id: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]*$"), AfterValidator(_access_key_id)] = Field(
        description="Access key id: AKIA and 16 upper-case letters or digits."
    )
    secret: Annotated[SecretStr, AfterValidator(_secret)] = Field(
        description="Secret access key, 16 to 128 characters (AWS's have 40); give it as ${env:NAME} or ${file:PATH}."
    )


class UserSection(SectionModel):
    access_keys: tuple[AccessKeySection, ...] = Field(
        default=(), description="The user's keys; two while one replaces the other."
    )
    policies: tuple[Policy, ...] = Field(
        default=(), description="What the user may do: names under `policies`, or inline IAM documents."
    )
