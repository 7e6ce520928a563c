"""The guide to workloads: its pod starts the sidecar as the command takes it, and both containers agree."""

import argparse
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.cli import sidecar
from gateway.sidecar.container import PATH
from gateway.sidecar.guard import TOKEN_FILE
from gateway.sidecar.probes import PATHS

PAGE = (Path(__file__).parents[3] / "docs" / "workloads.md").read_text()


@pytest.fixture(scope="module")
def pod() -> dict[str, Any]:
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    found: dict[str, Any] = next(made for made in map(yaml.safe_load, blocks) if made["kind"] == "Pod")
    return found


@pytest.fixture(scope="module")
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(exit_on_error=False)
    sidecar.add_arguments(parser)
    return parser


def variables(container: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container["env"]}


def test_its_arguments_are_those_of_the_command(pod: dict[str, Any], parser: argparse.ArgumentParser) -> None:
    container = pod["spec"]["initContainers"][0]
    command, *words = container["args"]
    arguments = parser.parse_args(words)

    assert command == "sidecar"
    assert container["restartPolicy"] == "Always"
    assert container["startupProbe"]["httpGet"] == {"path": PATHS[1], "port": arguments.probe_port}
    workload = variables(pod["spec"]["containers"][0])
    assert workload["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == f"http://127.0.0.1:{arguments.port}{PATH}"


def test_both_containers_find_the_same_tokens(pod: dict[str, Any], parser: argparse.ArgumentParser) -> None:
    beside, workload = pod["spec"]["initContainers"][0], pod["spec"]["containers"][0]
    sources = pod["spec"]["volumes"][0]["projected"]["sources"]
    folder = beside["volumeMounts"][0]["mountPath"]
    paths = {f"{folder}/{one['serviceAccountToken']['path']}" for one in sources}

    assert variables(beside)[TOKEN_FILE] == variables(workload)[TOKEN_FILE]
    assert {variables(beside)[TOKEN_FILE], parser.parse_args(beside["args"][1:]).token_file} == paths
    # The token that opens the sidecar must not open the gateway.
    assert len({one["serviceAccountToken"]["audience"] for one in sources}) == 2


def test_every_argument_of_the_command_stands_there(parser: argparse.ArgumentParser) -> None:
    options = {action.option_strings[0] for action in parser._actions if action.option_strings} - {"-h"}

    assert [option for option in options if f"`{option}" not in PAGE] == []


def test_every_command_of_the_page_is_taken(parser: argparse.ArgumentParser) -> None:
    lines = re.findall(r"^sts-gateway sidecar (.+)$", PAGE, re.MULTILINE)

    assert lines
    assert all(parser.parse_args(line.split()) for line in lines)
