"""The configuration file as JSON Schema, for editors and for the reference documentation."""

from typing import Any, Final

from gateway.settings.models.document import DocumentModel

_REFERENCE: Final = r"\$\{(?:env|file):[^}]+\}"
_MAY_BE_VOID: Final = frozenset(DocumentModel.model_fields) - {"gateway"}


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one configuration file as it is written: where a pattern holds, a reference does too."""
    schema: dict[str, Any] = _as_written(DocumentModel.model_json_schema(mode="validation"))
    for name in _MAY_BE_VOID:
        section = schema["properties"][name]
        section["type"] = [section["type"], "null"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Configuration of sts-gateway",
    }


def _as_written(node: Any) -> Any:
    if isinstance(node, list):
        return [_as_written(item) for item in node]
    if not isinstance(node, dict):
        return node
    # What constrains names of keys stays as it is: references are replaced in values only.
    written = {key: value if key == "propertyNames" else _as_written(value) for key, value in node.items()}
    if node.get("type") == "string" and isinstance(node.get("pattern"), str):
        written["pattern"] = f"(?:{node['pattern']})|{_REFERENCE}"
    if isinstance(node.get("patternProperties"), dict):
        written["additionalProperties"] = False
    return written
