"""Helm's engine and Kubernetes' schemas, from the folder that needs.sh installs them into."""

import sys
from pathlib import Path

_FOLDER = Path(__file__).parents[1] / ".kubernetes"
assert _FOLDER.is_dir(), "run tests/e2e/needs.sh: it installs Helm's engine and Kubernetes' schemas"
# Last, so that nothing of the tests' own is replaced.
sys.path.append(str(_FOLDER))

import helm_python  # noqa: E402
import jsonpatch  # noqa: E402
import jsonschema  # noqa: E402
import kubernetes_validate  # noqa: E402

__all__ = ["helm_python", "jsonpatch", "jsonschema", "kubernetes_validate"]
