"""How a provider's settings tell a fault: at its key, with the mend, and never with a secret."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError


def check_told_once(settings: Callable[[], Any], *, key: str, mend: str, secret: str) -> None:
    with pytest.raises(ValidationError) as found:
        settings()
    faults = {".".join(map(str, fault["loc"])): fault["msg"] for fault in found.value.errors()}
    assert list(faults) == [key]
    assert mend in faults[key]
    assert secret not in str(found.value)
