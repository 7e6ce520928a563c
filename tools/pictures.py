"""Makes the pictures of README and docs: pages from the running demo, and the rooms from the contracts that keep them.

    make pictures

Needs what the end-to-end tests need: Chromium, and Playwright to drive it. Credentials on pictures are blotted out.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway.assembly.listening import listen
from gateway.demo.world import running
from tools.architecture import drawn

IMAGES = Path(__file__).parents[1] / "docs" / "images"
_CHROMIUM = "/usr/bin/chromium"
_SIZE = {"width": 1_120, "height": 640}
_PATIENCE = 10_000
_BLOTTED = """() => document.querySelectorAll('pre').forEach((block) => { block.textContent = block.textContent
  .replace(/(ACCESS_KEY_ID='|AccessKeyId": ")\\w+/g, '$1ASIA................')
  .replace(/(SECRET_ACCESS_KEY=')[^']*/g, '$1........................................')
  .replace(/(SESSION_TOKEN=')[^']*/g, (_, head) => head + '.'.repeat(300)); })"""
_PROVIDERS = """
gateway: {public_url: "http://127.0.0.1:%(port)s", keyring: ./keyring.json}
accounts: {data-platform: "111122223333"}
providers:
  workforce: {type: oidc, issuer: "https://login.example.com", client_id: sts-gateway}
  corp-ad:
    type: ldap
    servers: [ldaps://dc1.corp.example]
    user_dn_template: "uid={username},ou=people,dc=corp,dc=example"
    users: {base: "ou=people,dc=corp,dc=example"}
    groups: {base: "ou=groups,dc=corp,dc=example"}
"""


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "architecture.svg").write_text(drawn())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        with running() as world:
            _portal(browser.new_page(viewport=_SIZE), world.addresses.gateway)
            _gateway(browser.new_page(viewport=_SIZE), world.addresses.gateway)
        with _serving() as url:
            page = browser.new_page(viewport={"width": 1_120, "height": 420})
            page.goto(f"{url}/login")
            _taken(page, "sign-in")
        browser.close()
    for path in sorted(IMAGES.iterdir()):
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def _portal(page: Page, url: str) -> None:
    """What Ana sees."""
    page.set_default_timeout(_PATIENCE)
    page.goto(f"{url}/portal")
    page.get_by_role("button", name="Ana").click()
    page.get_by_role("button", name="Star Analyst", exact=True).click()
    page.get_by_role("button", name="Unstar Analyst").wait_for()
    page.goto(f"{url}/portal")
    _taken(page, "portal")
    page.emulate_media(color_scheme="dark")
    _taken(page, "portal-dark")
    page.emulate_media(color_scheme="light")
    page.goto(f"{url}/portal/roles/444455556666/Developer")
    _taken(page, "role")
    page.get_by_role("button", name="Get credentials").click()
    page.get_by_role("timer").wait_for()
    page.evaluate(_BLOTTED)
    _taken(page, "credentials")
    page.goto(f"{url}/portal/access?role=Engineer")
    _taken(page, "access")


def _gateway(page: Page, url: str) -> None:
    """What Ben sees beside."""
    page.set_default_timeout(_PATIENCE)
    page.goto(f"{url}/portal")
    page.get_by_role("button", name="Ben").click()
    page.goto(f"{url}/portal/gateway/access")
    _taken(page, "gateway")


def _taken(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    page.screenshot(path=IMAGES / f"{name}.png")


@contextmanager
def _serving() -> Iterator[str]:
    """A gateway with two providers, neither of which has to be there for a page that names them."""
    with tempfile.TemporaryDirectory() as folder:
        with listen("127.0.0.1", 0)[0] as probe:
            port = probe.getsockname()[1]
        path = Path(folder) / "sts-gateway.yaml"
        path.write_text(_PROVIDERS % {"port": port})
        program = [sys.executable, "-m", "gateway"]
        keyring = Path(folder) / "keyring.json"
        subprocess.run([*program, "keys", "generate", "--keyring", keyring], check=True, stdout=subprocess.DEVNULL)
        serving = subprocess.Popen(
            [*program, "serve", "--config", path, "--port", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            _until_ready(url)
            yield url
        finally:
            serving.terminate()
            serving.wait()


def _until_ready(url: str) -> None:
    until = time.monotonic() + _PATIENCE / 1_000
    while time.monotonic() < until:
        try:
            if httpx.get(f"{url}/readyz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"the gateway at {url} does not get ready")


if __name__ == "__main__":
    main()
