"""What every section of the configuration is: closed to unknown keys, and never changed once read."""

import json
import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

_POLICY_NAME: Final = re.compile(r"[A-Za-z0-9_+=,.@-]{1,128}", re.ASCII)


def without_default(schema: dict[str, Any]) -> None:
    """For fields whose absence means something that no value can say."""
    schema.pop("default", None)


class SectionModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def is_json(value: object) -> bool:
    """Whether a text is a whole document, as `${file:./policy.json}` gives it, and no name."""
    return isinstance(value, str) and value.lstrip().startswith("{")


def document(value: object) -> dict[str, Any]:
    """A policy document written as YAML, or as JSON text. Its grammar is the policy engine's business."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError("not an IAM document; write its keys here, or ${file:PATH} of a JSON file") from None
    if not isinstance(value, dict):
        raise ValueError("not an IAM document; write Version and Statement")  # noqa: TRY004  pydantic's protocol
    return value


def policy(value: object) -> str | dict[str, Any]:
    """A policy's name, or a whole document."""
    if not isinstance(value, str) or is_json(value):
        return document(value)
    return policy_name(value)


def policy_name(value: str) -> str:
    if not _POLICY_NAME.fullmatch(value):
        raise ValueError("not a policy's name; write 1 to 128 letters, digits or +=,.@_-")
    return value


_DOCUMENT_SCHEMA: Final = {"type": "object", "additionalProperties": True}
_NAME_SCHEMA: Final = {"type": "string", "pattern": f"^{_POLICY_NAME.pattern}$"}
_TEXT_SCHEMA: Final = {"type": "string", "description": "The document as JSON text: ${file:./policy.json}."}
Document = Annotated[
    dict[str, Any], BeforeValidator(document), WithJsonSchema({"anyOf": [_DOCUMENT_SCHEMA, _TEXT_SCHEMA]})
]
PolicyName = Annotated[str, AfterValidator(policy_name), WithJsonSchema(_NAME_SCHEMA)]
Policy = Annotated[Any, BeforeValidator(policy), WithJsonSchema({"anyOf": [_NAME_SCHEMA, _DOCUMENT_SCHEMA]})]
