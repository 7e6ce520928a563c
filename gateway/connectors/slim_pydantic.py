"""pydantic without plugins: what some other package registers has no say in what the configuration means.

Looking for them reads the metadata of every installed package, which costs each start, and three megabytes of each
worker. It stands in for pydantic's own loader where it is imported first, as this package and `settings.load` see to.
"""

import sys
from types import ModuleType
from typing import Final

_LOADER: Final = "pydantic.plugin._loader"


def _without_plugins() -> None:
    loader = ModuleType(_LOADER, "No plugins.")
    loader.get_plugins = tuple  # type: ignore[attr-defined]  # what pydantic calls
    sys.modules.setdefault(_LOADER, loader)


_without_plugins()
