"""Request headers of which there may be one."""

from collections.abc import Iterable, Sequence

from gateway.domain.errors import UnsupportedMedia


def single_headers(headers: Iterable[tuple[bytes, bytes]], names: Sequence[bytes]) -> Sequence[str | None]:
    """As `single_header`, of several in one pass."""
    found: dict[bytes, str] = {}
    for name, value in headers:
        if name in names:
            if name in found:
                raise _twice(name)
            found[name] = value.decode("latin-1")
    return [found.get(name) for name in names]


def single_header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """The header's value, None where it is absent; `name` in lower case.

    Raises UnsupportedMedia where it stands twice: two readers could choose another one each.
    """
    values = [value for given, value in headers if given == name]
    if len(values) > 1:
        raise _twice(name)
    return values[0].decode("latin-1") if values else None


def _twice(name: bytes) -> UnsupportedMedia:
    return UnsupportedMedia(f"The header {name.decode('ascii').title()} is given twice; send it once")
