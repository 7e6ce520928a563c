"""DeleteObjects: every key that its body names is judged; an unseen body may name any key and any version."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.actions.action import ServiceAction
from gateway.actions.s3_body import DELETE, Element, read_body
from gateway.actions.s3_target import target_of
from gateway.domain.errors import UnmappedRequest

MOST_KEYS: Final = 1000
_DELETE_KEY: Final = "s3:DeleteObject"
_DELETE_VERSION: Final = "s3:DeleteObjectVersion"

Context = Mapping[str, str | Sequence[str]]


def deletions_seen(
    bucket: str, body: bytes, granted: tuple[str, ...], context: Context, unseen: frozenset[str]
) -> Iterator[ServiceAction]:
    """What the deletion of each key in `body` asks for; `granted`: further actions on every one of them.

    Raises BodyTooLarge, and UnmappedRequest for a body that is not exactly what clients send.
    """
    objects = [element for element in read_body(body, DELETE).children if element.name == "Object"]
    if not 0 < len(objects) <= MOST_KEYS:
        raise UnmappedRequest(cause=f"DeleteObjects takes 1 to {MOST_KEYS} keys")
    for key, version in dict.fromkeys(_key_and_version(element) for element in objects):
        arn = target_of(bucket, key).arn
        own = context if version is None else {**context, "s3:versionid": version}
        for name in (_DELETE_KEY if version is None else _DELETE_VERSION, *granted):
            yield ServiceAction(name=name, resource=arn, context=own, unseen=unseen)


def deletions_unseen(
    bucket: str, granted: tuple[str, ...], context: Context, unseen: frozenset[str]
) -> Iterator[ServiceAction]:
    """What deleting any keys and any versions of `bucket` asks for."""
    arn = target_of(bucket, "*").arn
    yield ServiceAction(name=_DELETE_KEY, resource=arn, context=context, every_key=True, unseen=unseen)
    version_unseen = unseen | {"s3:versionid"}
    for name in (_DELETE_VERSION, *granted):
        yield ServiceAction(name=name, resource=arn, context=context, every_key=True, unseen=version_unseen)


def _key_and_version(element: Element) -> tuple[str, str | None]:
    texts = element.texts()
    key = texts.get("Key", "")
    version = texts.get("VersionId")
    # Some stores trim what stands in an element, and take an empty version for none.
    if not key or key != key.strip() or (version is not None and (not version or version != version.strip())):
        raise UnmappedRequest(cause="a key or version in the body is empty or framed by blanks")
    return key, version
