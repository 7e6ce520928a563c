"""What an independent judge says of the rendered chart: nothing, but for what has a reason."""

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml

from tests.e2e.kubernetes.helm import VALUES, rendered

TOOL = Path(__file__).parents[1] / ".checkov"
REASONS = {
    "CKV_K8S_11": "a limit on the processor slows answers down and saves nobody: requests and memory are bounded",
    "CKV_K8S_15": "a tag of a release does not change, so that no registry is needed for a pod to start again",
    "CKV_K8S_38": "the webhook and the keyring's jobs ask the API server; no other pod has a token",
    "CKV_K8S_43": "the digest is the user's to give: image.digest; it is of the registry that the image was pushed to",
}
"""Checks that fail, and why they may: also in the chart's README."""


def test_nothing_is_found_but_what_has_a_reason(tmp_path: Path) -> None:
    assert TOOL.is_dir(), "run tests/e2e/needs.sh: it installs checkov"
    for name in VALUES:
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump_all(list(rendered(name).objects)))

    words = ("--directory", tmp_path, "--framework", "kubernetes", "--output", "json", "--compact", "--skip-download")
    # Alone in its folder of packages: it has other versions of some that the tests use too.
    ended = subprocess.run(
        [sys.executable, "-S", "-m", "checkov.main", *words],
        env={"PATH": os.defpath, "HOME": str(tmp_path), "PYTHONPATH": str(TOOL)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    report = json.loads(ended.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 1_000
    found = {(one["check_id"], one["resource"]) for one in report["results"]["failed_checks"]}
    assert {check for check, _ in found} == set(REASONS), sorted(found)


def test_every_reason_stands_in_the_charts_readme() -> None:
    from tests.e2e.kubernetes.helm import CHART

    readme = (CHART / "README.md").read_text()

    assert [check for check in REASONS if check not in readme] == []
