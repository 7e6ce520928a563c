"""Lines of `~/.aws/config`, as botocore reads them."""

from pathlib import Path

import pytest
from botocore.compat import compat_shell_split
from botocore.session import Session

from gateway.client import aws_profile

URL = "https://sts.example.com:8443"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    lines = [
        *aws_profile.sso_session(URL, "eu-central-1"),
        *aws_profile.services(URL),
        *aws_profile.sso_profile("one", URL, account="111122223333", role="Analyst", region="eu-central-1"),
        *aws_profile.process_profile("two", URL, account="111122223333", role="Analyst", region="eu-central-1"),
        *aws_profile.process_profile(
            "three", URL, account="111122223333", role="Analyst", region="eu-central-1", ca_file="/my files/ca.pem"
        ),
    ]
    (tmp_path / "config").write_text("\n".join(lines))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return Session()


def test_both_kinds_of_profile_name_the_gateways_services(config: Session) -> None:
    full = config.full_config
    services = full["services"]["sts-gateway-sts-example-com-8443"]
    assert services["sso_oidc"] == {"endpoint_url": f"{URL}/sso-oidc"}
    assert services["sso"] == {"endpoint_url": f"{URL}/sso"}
    assert services["sts"] == {"endpoint_url": URL}
    assert full["profiles"]["one"]["services"] == full["profiles"]["two"]["services"]


def test_a_sign_in_is_shared_and_a_role_is_the_profiles_own(config: Session) -> None:
    one = config.full_config["profiles"]["one"]
    assert (one["sso_account_id"], one["sso_role_name"]) == ("111122223333", "Analyst")
    session = config.full_config["sso_sessions"][one["sso_session"]]
    assert session["sso_start_url"] == "https://gateway.invalid.awsapps.com/start"
    assert session["sso_region"] == "eu-central-1"


def test_a_process_is_called_with_the_gateways_address_and_the_role(config: Session) -> None:
    two = config.full_config["profiles"]["two"]
    assert two["credential_process"] == f"sts-gateway credentials --url {URL} --role 111122223333/Analyst"


def test_a_process_is_told_the_gateways_ca(config: Session) -> None:
    words = compat_shell_split(config.full_config["profiles"]["three"]["credential_process"])
    assert words[-2:] == ["--ca-file", "/my files/ca.pem"]
