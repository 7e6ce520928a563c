import pytest

from gateway.connectors.hosts import address_fault, address_of, is_loopback, keys_url_fault

PUBLIC = "https://login.example.com/realm"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("127.0.0.1.example", False),
        ("localhost.example", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_loopback_is_known_by_the_whole_host(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://login.example.com/keys", None),
        ("https://LOGIN.example.com:8443/keys", None),
        ("https://keys.example.net/keys?v=1", None),
        ("http://login.example.com/keys", "not https"),
        ("http://127.0.0.1/keys", "not https"),
        ("ftp://login.example.com/keys", "not https"),
        ("file:///etc/passwd", "plain URL"),
        ("/keys", "plain URL"),
        ("", "plain URL"),
        ("https://user@login.example.com/keys", "plain URL"),
        ("https://login.example.com/keys#a", "plain URL"),
        ("https://login.example.com/a\nb", "plain URL"),
        ("https://login.example.com:x/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("https://169.254.169.254/latest", "bare address"),
        ("https://10.0.0.1/keys", "bare address"),
        ("https://[fe80::1]/keys", "bare address"),
        ("https://localhost/keys", "this machine"),
        ("https://127.0.0.1/keys", "this machine"),
        ("https://metadata.google.internal/keys", "inner host"),
        ("https://a.localhost/keys", "inner host"),
        ("https://vault/keys", "inner host"),
        ("https://vault./keys", "inner host"),
        ("https://metadata.google.internal./keys", "inner host"),
        ("https://localhost./keys", "this machine"),
        ("https://keys.example.net./keys", None),
    ],
)
def test_a_public_issuer_may_keep_its_keys_where_tls_vouches(url: str, fault: str | None) -> None:
    found = keys_url_fault(url, issuer=PUBLIC, own_ca=False)
    assert found is None if fault is None else found is not None and fault in found


@pytest.mark.parametrize("host", ["adfs.corp.local", "login", "10.0.0.1", "[fd12::1]"])
def test_an_inner_issuer_may_keep_its_keys_on_its_own_host(host: str) -> None:
    assert keys_url_fault(f"https://{host}:8443/keys", issuer=f"https://{host}/realm", own_ca=False) is None
    assert keys_url_fault(f"https://{host}/keys", issuer=PUBLIC, own_ca=False) is not None


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://172.18.0.2:6443/openid/v1/jwks", None),
        ("https://api.cluster.internal/openid/v1/jwks", None),
        ("https://169.254.169.254/keys", "metadata"),
        ("https://[fd00:ec2::254]/keys", "metadata"),
        ("https://0.0.0.0/keys", "no host's"),
        ("https://127.0.0.1/keys", "this machine"),
        ("http://172.18.0.2/keys", "not https"),
    ],
)
def test_a_cluster_with_a_ca_of_its_own_may_name_its_address(url: str, fault: str | None) -> None:
    found = keys_url_fault(url, issuer="https://kubernetes.default.svc.cluster.local", own_ca=True)
    assert found is None if fault is None else found is not None and fault in found


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://127.0.0.1:9999/keys", None),
        ("http://localhost:9999/keys", None),
        ("http://login.example.com/keys", "not https"),
        ("https://login.example.com/keys", "another machine"),
        ("https://169.254.169.254/keys", "another machine"),
    ],
)
def test_an_issuer_on_loopback_keeps_to_loopback(url: str, fault: str | None) -> None:
    found = keys_url_fault(url, issuer="http://127.0.0.1:8080", own_ca=False)
    assert found is None if fault is None else found is not None and fault in found


@pytest.mark.parametrize(
    ("text", "meant", "fault"),
    [
        ("93.184.216.34", False, None),
        ("10.1.2.3", False, None),
        ("127.0.0.1", True, None),
        ("127.0.0.1", False, "this machine"),
        ("::ffff:127.0.0.1", False, "this machine"),
        ("169.254.169.254", True, "metadata"),
        ("::ffff:169.254.169.254", True, "metadata"),
        ("fe80::1", True, "metadata"),
        ("fd00:ec2::254", True, "metadata"),
        ("fd20:ce::254", True, "metadata"),
        ("100.100.100.200", True, "metadata"),
        ("64:ff9b::5db8:d822", False, None),
        ("64:ff9b::a9fe:a9fe", True, "metadata"),
        ("64:ff9b::7f00:1", False, "this machine"),
        ("0.0.0.0", True, "no host's"),
        ("::", True, "no host's"),
        ("224.0.0.1", True, "no host's"),
    ],
)
def test_a_name_may_not_lead_to_inner_addresses(text: str, meant: bool, fault: str | None) -> None:
    address = address_of(text)
    assert address is not None
    found = address_fault(address, meant=meant)
    assert found is None if fault is None else found is not None and fault in found


@pytest.mark.parametrize("address", ["2002:a9fe:a9fe::", "64:ff9b:1::a9fe:a9fe", "::a9fe:a9fe"])
def test_a_metadata_service_inside_another_address_is_refused(address: str) -> None:
    found = address_of(address)
    assert found is not None
    assert address_fault(found, meant=False) == "is link-local or a metadata service"
