"""Request headers of which there may be one."""

from collections.abc import Iterable

from gateway.domain.errors import UnsupportedMedia


def single_header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """The header's value, None where it is absent; `name` in lower case.

    Raises UnsupportedMedia where it stands twice: two readers could choose another one each.
    """
    values = [value for given, value in headers if given == name]
    if len(values) > 1:
        raise UnsupportedMedia(f"The header {name.decode('ascii').title()} is given twice; send it once")
    return values[0].decode("latin-1") if values else None
