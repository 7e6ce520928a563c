"""The webhook's own file: its defaults, and every mistake with its line and the mend."""

from pathlib import Path

import pytest

from gateway.settings.faults import ConfigurationError
from gateway.settings.webhook import load_webhook
from gateway.webhook.settings import Mode, WebhookSettings

LEAST = "gateway_url: https://sts.example.com\ntls: {certificate: tls.crt, private_key: /keys/tls.key}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "webhook.yaml"


def faults(file: Path, text: str) -> list[str]:
    file.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        load_webhook(file)
    return [fault.render("error").removeprefix(f"{file}:") for fault in refused.value.faults]


def test_the_least_has_every_default_and_paths_against_its_own_folder(file: Path) -> None:
    file.write_text(LEAST)

    assert load_webhook(file) == WebhookSettings(
        gateway_url="https://sts.example.com",
        region="us-east-1",
        host="0.0.0.0",
        port=9443,
        certificate=file.parent / "tls.crt",
        private_key=Path("/keys/tls.key"),
        annotation_prefix="eks.amazonaws.com",
        mode=Mode.ENVIRONMENT,
        audience="sts.amazonaws.com",
        sidecar_image=None,
    )


def test_every_key_counts(file: Path) -> None:
    file.write_text(
        LEAST
        + "region: eu-central-1\nlisten: '[::]:8443'\nannotation_prefix: sts.example.com\n"
        + "mode: sidecar\naudience: other\nsidecar_image: registry.example.com/sts-gateway:1\n"
    )

    made = load_webhook(file)

    assert (made.region, made.host, made.port) == ("eu-central-1", "[::]", 8443)
    assert (made.annotation_prefix, made.mode, made.audience) == ("sts.example.com", Mode.SIDECAR, "other")
    assert made.sidecar_image == "registry.example.com/sts-gateway:1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["error: the file is empty; start with `gateway_url:`"]),
        ("[]", ["error: holds no keys; start with `gateway_url:`"]),
        ("gateway_url: https://x", ["1: error: tls: missing; add `tls:` (The webhook's own TLS"]),
        (LEAST + "gateway: x", ["3: error: gateway: unknown key"]),
        (LEAST + "region: us-east-1\nregion: us-east-2", ["4: error: region: set twice"]),
        (LEAST + "mode: magic", ["3: error: mode: must be 'environment' or 'sidecar'"]),
        (LEAST + "mode: sidecar", ["mode: sidecar needs sidecar_image"]),
        (LEAST + "listen: 0.0.0.0", ["3: error: listen: names no port"]),
        (LEAST + "annotation_prefix: a/b", ["3: error: annotation_prefix: "]),
        ("gateway_url: http://sts.example.com\n" + LEAST.partition("\n")[2], ["1: error: gateway_url: http sends"]),
        (LEAST + "mode: magic\nregion: EU", ["3: error: mode", "4: error: region"]),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_mend(file: Path, text: str, told: list[str]) -> None:
    found = faults(file, text)

    assert [wanted in line for wanted, line in zip(told, found, strict=True)] == [True] * len(told), found


def test_a_file_that_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read the webhook's file"):
        load_webhook(file)
