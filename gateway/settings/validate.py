"""The models' judgement on a tree, told as faults with places."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.settings.faults import Fault, Place, closest, fault_at, nearest, shown
from gateway.settings.tree import Listing, Node, Scalar, Section

Step = str | int
_OF_A_KEY: Final = "[key]"
# What a way is followed by: the key that says which of several kinds a section is; and, where several keys are wrong
# together, nothing that is a key, so that the kind's name at the end of the way is not taken for one that is missing.
_AFTER: Final = {"union_tag_not_found": ("type",), "union_tag_invalid": ("type",), "value_error": (_OF_A_KEY,)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a way through the tree leads: the place to show, the dotted key, the node itself where there is one."""

    place: Place
    key: str
    node: Node | None


def spot_at(root: Section, way: Sequence[Step]) -> Spot:
    """Follow keys and indexes as far as they lead; steps that are no key (pydantic's names of unions) are passed over.

    A last key that is missing is part of `key`, and the place is its section's.
    """
    node: Node = root
    place = root.place
    key = ""
    last = len(way) - 1
    for at, step in enumerate(way):
        if isinstance(node, Section) and isinstance(step, str) and step in node.entries:
            entry = node.entries[step]
            node, place, key = entry.node, entry.place, joined(key, step)
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place, key = node.place, f"{key}[{step}]"
        elif at == last and isinstance(node, Section) and isinstance(step, str) and step != _OF_A_KEY:
            return Spot(place=place, key=joined(key, step), node=None)
    return Spot(place=place, key=key, node=node)


def joined(key: str, step: str) -> str:
    return f"{key}.{step}" if key else step


def faults_of(error: ValidationError, root: Section, model: type[BaseModel]) -> list[Fault]:
    """One fault for each complaint of pydantic, none of which repeats a value that pydantic saw."""
    faults = []
    details = error.errors(include_url=False, include_input=False)
    meant = {way for detail in details if detail["type"] == "extra_forbidden" for way in _meant(model, detail["loc"])}
    faulty_inside = {detail["loc"][:length] for detail in details for length in range(len(detail["loc"]))}
    for detail in details:
        if detail["type"] == "too_short" and detail["loc"] in faulty_inside:
            continue  # what stands in the list is told to be wrong: it is not empty
        if detail["type"] == "missing" and detail["loc"] in meant:
            continue  # it is there, misspelt, and that is told
        way = (*detail["loc"], *_AFTER.get(detail["type"], ()))
        spot = spot_at(root, way)
        if isinstance(spot.node, Scalar) and spot.node.unresolved:
            continue
        fields = _fields_at(model, detail["loc"])
        message = _message(detail, spot, fields)
        if isinstance(spot.node, Scalar) and spot.node.secret and spot.node.text and spot.node.text in message:
            message = "not valid here; the value is not shown"
        faults.append(fault_at(spot.place, spot.key, message))
    return faults


def _meant(model: type[BaseModel], way: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Where the key stands that an unknown one most likely is."""
    close = closest(str(way[-1]), _fields_at(model, way))
    if close is not None:
        yield (*way[:-1], close)


def _message(detail: ErrorDetails, spot: Spot, fields: Mapping[str, Any]) -> str:
    last = str(detail["loc"][-1]) if detail["loc"] else ""
    if detail["type"] == "missing":
        description = getattr(fields.get(last), "description", None)
        return f"missing; add `{last}:`" + (f" ({description.rstrip('.')})" if description else "")
    if detail["type"] == "extra_forbidden":
        return f"unknown key{nearest(last, fields)}"
    if last == _OF_A_KEY:
        return _NAME_RULES.get(detail["loc"][0], "not a name that can stand here")
    if isinstance(spot.node, Scalar) and spot.node.value is None:
        return "has no value; write one, or leave the key away"
    return _MESSAGES.get(detail["type"], _of_pydantic)(detail, spot)


_NAME_RULES: Final[Mapping[Step, str]] = {
    "accounts": "not an account alias; write letters, digits, `.`, `_`, `-`, at most 63",
    "providers": "not a provider's name; write letters, digits, `.`, `_`, `-`, at most 64",
    "services": "not a service's name; write letters, digits, `.`, `_`, `-`, at most 64",
    "policies": "not a policy's name; write 1 to 128 letters, digits or +=,.@_-",
    "roles": "not a role's name; write ACCOUNT/ROLE: the account's alias, and up to 64 letters, digits or +=,.@_-",
    "users": "not a user's name; write ACCOUNT/USER: the account's alias, and up to 64 letters, digits or +=,.@_-",
}


def _of_text(_: ErrorDetails, spot: Spot) -> str:
    if not isinstance(spot.node, Scalar):
        return "must be one text, not a list or a section"
    return "must be a text; write it in quotes" + ("" if spot.node.secret else f": {shown(spot.node.text)}")


def _of_list(_: ErrorDetails, spot: Spot) -> str:
    if not isinstance(spot.node, Scalar):
        return "must be a list"
    return "must be a list; write [...]" if spot.node.secret else f"must be a list; write [{spot.node.text[:80]}]"


def _of_choice(detail: ErrorDetails, _: Spot) -> str:
    expected = detail.get("ctx", {}).get("expected", "")
    return f"must be {expected}"


def _of_length(detail: ErrorDetails, _: Spot) -> str:
    context = detail.get("ctx", {})
    return f"too long; at most {context.get('max_length')}"


def _of_value(detail: ErrorDetails, _: Spot) -> str:
    return str(detail.get("ctx", {}).get("error", "not valid"))


def _of_pydantic(detail: ErrorDetails, _: Spot) -> str:
    return detail["msg"][:1].lower() + detail["msg"][1:]


_MESSAGES: Final[Mapping[str, Callable[[ErrorDetails, Spot], str]]] = {
    "string_type": _of_text,
    "tuple_type": _of_list,
    "list_type": _of_list,
    "set_type": _of_list,
    "frozen_set_type": _of_list,
    "dict_type": lambda *_: "must be a section of keys and values",
    "model_type": lambda *_: "must be a section of keys and values",
    "model_attributes_type": lambda *_: "must be a section of keys and values",
    "too_short": lambda *_: "empty; name at least one, or leave the key away",
    "string_too_short": lambda *_: "empty; write a value, or leave the key away",
    "too_long": _of_length,
    "string_too_long": _of_length,
    "string_pattern_mismatch": lambda *_: "holds characters that cannot stand here",
    "enum": _of_choice,
    "literal_error": _of_choice,
    "union_tag_not_found": lambda *_: "missing; add `type:`",
    "union_tag_invalid": lambda detail, _: f"unknown `type`; known: {detail.get('ctx', {}).get('expected_tags', '')}",
    "value_error": _of_value,
}


def _fields_at(model: type[BaseModel], way: Sequence[Step]) -> Mapping[str, Any]:
    """The fields of the model that holds the last step of `way`."""
    annotation: Any = model
    for step in way[:-1]:
        annotation = _inside(annotation, step)
    models = _models_in(annotation)
    return {name: field for found in models for name, field in found.model_fields.items()}


def _inside(annotation: Any, step: Step) -> Any:
    """The annotation of what stands under `step`, as far as the step is a key or index and no name of a union."""
    for model in _models_in(annotation):
        if step in model.model_fields:
            return model.model_fields[str(step)].annotation
    bare = _bare(annotation)
    arguments = get_args(bare)
    if get_origin(bare) is dict:
        return arguments[1]
    if get_origin(bare) in {tuple, list, frozenset}:
        return arguments[0]
    chosen = [found for found in _models_in(bare) if _tagged(found, step)]
    return chosen[0] if chosen else annotation


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in {Union, UnionType}:
        rest = [argument for argument in get_args(annotation) if argument is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else annotation
    return annotation


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    bare = _bare(annotation)
    candidates = get_args(bare) if get_origin(bare) in {Union, UnionType} else (bare,)
    return [
        _bare(found) for found in candidates if isinstance(_bare(found), type) and issubclass(_bare(found), BaseModel)
    ]


def _tagged(model: type[BaseModel], step: Step) -> bool:
    field = model.model_fields.get("type")
    return field is not None and step in get_args(field.annotation)
