"""A certificate that is renewed on disk: each handshake gets a pair that fits, the newest that does."""

import ssl
from pathlib import Path

import pytest

from gateway.webhook.certificate import FollowedCertificate, UnusableCertificate
from tests.servers.certificates import Authority, Pair


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


def mount(folder: Path, pair: Pair) -> tuple[Path, Path]:
    """Put a pair where the kubelet would: behind a link that is turned at once."""
    version = folder / f"..{pair.certificate.stem}"
    version.mkdir(parents=True)
    (version / "tls.crt").write_bytes(pair.certificate.read_bytes())
    (version / "tls.key").write_bytes(pair.key.read_bytes())
    link = folder / "..new"
    link.symlink_to(version.name)
    link.replace(folder / "..data")
    for name in ("tls.crt", "tls.key"):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    return folder / "tls.crt", folder / "tls.key"


def shown(served: FollowedCertificate, authority: Authority, name: str | None) -> str:
    """The common name that a client sees, by a handshake in memory."""
    client_context = ssl.create_default_context(cafile=str(authority.file))
    client_context.check_hostname = False
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = served.context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(10):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    subject = (client.getpeercert() or {})["subject"]
    (((_, common_name),),) = subject  # type: ignore[misc]
    return str(common_name)


@pytest.mark.parametrize("name", ["webhook.sts.svc", None], ids=["by its name", "as the kubelet does, without one"])
def test_a_renewed_certificate_is_shown_from_the_next_handshake_on(
    authority: Authority, tmp_path: Path, name: str | None
) -> None:
    served = FollowedCertificate(*mount(tmp_path / "tls", authority.issue("first", "webhook.sts.svc")))
    assert shown(served, authority, name) == "first"

    mount(tmp_path / "tls", authority.issue("second", "webhook.sts.svc"))
    assert shown(served, authority, name) == "first"

    assert served.follow()
    assert shown(served, authority, name) == "second"


def test_a_pair_that_does_not_fit_is_told_and_the_last_good_one_stays(
    authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = authority.issue("first", "a"), authority.issue("second", "a")
    served = FollowedCertificate(first.certificate, first.key)

    second.certificate.replace(first.certificate)
    assert not served.follow()
    assert "KEY_VALUES_MISMATCH" in caplog.text
    assert shown(served, authority, "a") == "first"

    second.key.replace(first.key)
    assert served.follow()
    assert shown(served, authority, "a") == "second"


def test_files_that_are_gone_for_a_moment_change_nothing(authority: Authority) -> None:
    pair = authority.issue("first", "a")
    served = FollowedCertificate(pair.certificate, pair.key)
    pair.key.unlink()

    assert not served.follow()
    assert shown(served, authority, "a") == "first"


def test_when_it_ends_is_known(authority: Authority) -> None:
    pair = authority.issue("first", "a")

    assert FollowedCertificate(pair.certificate, pair.key).ends.tzinfo is not None


@pytest.mark.parametrize("broken", ["certificate", "key", "both", "absent"])
def test_what_is_no_certificate_and_its_key_is_refused_by_name(
    authority: Authority, tmp_path: Path, broken: str
) -> None:
    pair = authority.issue("first", "a")
    for file in {"certificate": [pair.certificate], "key": [pair.key], "both": [pair.certificate, pair.key]}.get(
        broken, []
    ):
        file.write_text("secret words")
    key = tmp_path / "none.key" if broken == "absent" else pair.key

    with pytest.raises(UnusableCertificate) as refused:
        FollowedCertificate(pair.certificate, key)

    assert str(key) in str(refused.value)
    assert "secret words" not in str(refused.value)


def test_nothing_below_tls_1_2_is_spoken(authority: Authority) -> None:
    pair = authority.issue("first", "a")

    assert FollowedCertificate(pair.certificate, pair.key).context.minimum_version is ssl.TLSVersion.TLSv1_2
