"""The container image: what is in it, and that it serves on a read-only root, as nobody, as process 1."""

import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.canaries import Canaries
from tests.e2e.image import CONTAINERFILE, LOCK, NEEDED, Container, Image, build_image
from tests.e2e.installation import ROOT
from tests.e2e.openid_provider import OpenIdProvider
from tests.e2e.process import free_port
from tests.e2e.server import assumption

USER = 10_001
MISSING = [name for name in NEEDED if shutil.which(name) is None]
# A minute on an idle machine, several on a busy disk.
LONG = bool(os.environ.get("STS_GATEWAY_LONG"))


def buildable(test: Callable[..., None]) -> Callable[..., None]:
    """A test that needs the built image."""
    skipped = pytest.mark.skipif(
        not LONG or os.geteuid() != 0 or bool(MISSING),
        reason=f"an image is built in `make test-long`, by root, with {', '.join(NEEDED)}",
    )
    return pytest.mark.long(skipped(test))


def pins(lock: Path) -> set[tuple[str, str]]:
    return set(re.findall(r"^([\w.-]+)==([^\s;]+)", lock.read_text(), re.MULTILINE))


def test_the_image_holds_the_versions_that_were_tested_each_by_its_hash() -> None:
    assert pins(LOCK) <= pins(ROOT / "requirements-test.lock")
    blocks = re.split(r"^(?=\w)", LOCK.read_text(), flags=re.MULTILINE)
    assert [block for block in blocks if "==" in block and "--hash=sha256:" not in block] == []


def test_the_containerfile_says_what_to_run_and_needs_no_other_init() -> None:
    text = CONTAINERFILE.read_text()

    assert "--require-hashes" in text
    assert re.search(r"^HEALTHCHECK", text, re.MULTILINE) is None
    assert "tini" not in text


@pytest.fixture(scope="module")
def image(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    # A gigabyte is written several times over: in memory where there is room for it.
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30
    with tempfile.TemporaryDirectory(dir=memory if roomy else tmp_path_factory.getbasetemp()) as folder:
        yield build_image(wheel, Path(folder))


CONFIGURATION = """
gateway:
  public_url: ${env:PUBLIC_URL}
  keyring: /var/lib/sts-gateway/keyring.json
  state: sqlite:////var/lib/sts-gateway/state.db
accounts: {data-platform: "111122223333"}
providers:
  workforce: {type: oidc, issuer: "${env:ISSUER}", audiences: [app-rs256]}
roles:
  data-platform/Analyst: {path: /analytics/, policies: [read-lake]}
policies:
  read-lake: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}
mappings:
  - {provider: workforce, groups: [analysts], roles: [data-platform/Analyst]}
"""


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """A folder as a deployment mounts it at /etc/sts-gateway."""
    folder = tmp_path / "configuration"
    folder.mkdir()
    (folder / "gateway.yaml").write_text(CONFIGURATION)
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    os.chown(folder, USER, USER)
    return folder


@pytest.fixture
def run(image: Image, configuration: Path, state: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run one command in a container, to its end."""

    def to_its_end(*words: str) -> subprocess.CompletedProcess[str]:
        command = image.command(configuration, state, {}, *words)
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    return to_its_end


@buildable
def test_the_image_says_how_it_wants_to_be_run(image: Image) -> None:
    config = image.config

    assert config["User"] == f"{USER}:{USER}"
    assert config["Entrypoint"] == ["/opt/sts-gateway/bin/sts-gateway"]
    assert config["Cmd"] == ["serve", "--config", "/etc/sts-gateway"]
    assert config["StopSignal"] == "SIGTERM"
    assert config["ExposedPorts"] == {"8080/tcp": {}}
    assert "Healthcheck" not in config
    assert config["Labels"]["org.opencontainers.image.title"] == "sts-gateway"


@buildable
def test_nothing_in_the_image_builds_or_installs_python_packages(image: Image) -> None:
    tools = {"gcc", "cc", "c++", "ld", "make", "git", "pip", "pip3", "curl", "wget"}
    programs = {
        path.name
        for folder in ("usr/bin", "usr/local/bin", "opt/sts-gateway/bin")
        for path in (image.root / folder).glob("*")
    }

    assert programs & tools == set()
    assert [path for pattern in ("*-packages/pip", "pip-*.whl") for path in image.root.glob(f"**/{pattern}")] == []
    assert list(image.root.glob("build/*")) == []


@buildable
def test_the_image_holds_the_gateway_and_its_lock_file_s_packages_alone(image: Image, wheel: Path) -> None:
    (packages,) = image.root.glob("opt/sts-gateway/lib/python3*/site-packages")
    held = {tuple(path.name.removesuffix(".dist-info").rsplit("-", 1)) for path in packages.glob("*.dist-info")}

    wanted = pins(LOCK) | {("sts-gateway", wheel.name.split("-")[1])}
    assert {(_canonical(name), version) for name, version in held} == {
        (_canonical(name), version) for name, version in wanted
    }


EVERY_MODULE = """
import importlib, pkgutil, gateway
for module in pkgutil.walk_packages(gateway.__path__, "gateway."):
    if not module.name.startswith("gateway.demo") and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
"""The demonstration alone needs more than is in the image: its extra."""


@buildable
def test_the_image_has_what_every_module_needs_on_the_image_s_own_python(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """Redis' library needs one package more on Debian's Python than on a newer one."""
    ended = run("/opt/sts-gateway/bin/python", "-c", EVERY_MODULE)

    assert ended.returncode == 0, ended.stderr


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@buildable
def test_a_user_that_the_platform_makes_up_reaches_what_is_mounted(image: Image) -> None:
    """OpenShift gives a number of its own, in root's group, and mounts the keyring below this folder."""
    folder = (image.root / "var/lib/sts-gateway").stat()

    assert (folder.st_uid, folder.st_gid, stat.S_IMODE(folder.st_mode)) == (USER, 0, 0o770)


@buildable
def test_a_container_is_nobody_and_can_write_its_state_alone(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    status = run("/usr/bin/cat", "/proc/self/status").stdout

    assert re.search(rf"^Uid:\s+{USER}\s+{USER}\s+{USER}\s+{USER}$", status, re.MULTILINE)
    assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
    for folder in ("/", "/opt/sts-gateway", "/etc/sts-gateway", "/usr"):
        assert "Read-only file system" in run("/usr/bin/touch", f"{folder}/x").stderr, folder
    assert run("/usr/bin/touch", "/var/lib/sts-gateway/x").returncode == 0


@buildable
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_container_hands_out_credentials_and_ends_in_order(
    image: Image,
    configuration: Path,
    state: Path,
    tmp_path: Path,
    run: Callable[..., subprocess.CompletedProcess[str]],
    provider: OpenIdProvider,
    canaries: Canaries,
    workers: str,
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    variables = {"PUBLIC_URL": url, "ISSUER": provider.issuer}
    made = run(*image.config["Entrypoint"], "keys", "generate", "--keyring", "/var/lib/sts-gateway/keyring.json")
    assert made.returncode == 0, made.stderr
    serve = (*image.config["Entrypoint"], *image.config["Cmd"], "--port", str(port), "--workers", workers)
    command = image.command(configuration, state, variables, *serve)

    with Container("container", command, folder=tmp_path / "logs") as container:
        container.until(lambda: _ready(url), "it is ready")
        answer = httpx.post(url, data=assumption(provider.id_token()))
        container.send(signal.SIGTERM)
        container.until(lambda: not _ready(url), "it drains")
        container.send(signal.SIGTERM)
        code = container.ended()

    assert answer.status_code == 200, answer.text
    assert code == 0, container.told()
    assert '"eventName":"AssumeRoleWithWebIdentity"' in container.out
    assert canaries.leaks(container.out + container.err) == []


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False
