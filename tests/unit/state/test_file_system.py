from pathlib import Path

import pytest

from gateway.state.file_system import network_file_system

MOUNTS = r"""
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:40 / /srv rw,relatime shared:2 master:1 - nfs4 nas:/srv rw,vers=4.2
23 22 8:2 / /srv/local rw,relatime - xfs /dev/sdb1 rw
24 21 0:41 / /mnt/with\040blank rw - fuse.sshfs host:/ rw
25 21 0:42 / /mnt/twice rw - cifs //host/share rw
26 25 8:3 / /mnt/twice rw - ext4 /dev/sdc1 rw
27 21 0:43 / /mnt/bucket rw - fuse.rclone remote: rw
28 21 0:44 / /mnt/fuse rw - fuse.portal portal rw
""".lstrip()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/state.db", None),
        ("/srv/state.db", "nfs4"),
        ("/srv/local/state.db", None),
        ("/srvother/state.db", None),
        ("/mnt/with blank/state.db", "fuse.sshfs"),
        ("/mnt/twice/state.db", None),
        ("/mnt/bucket/state.db", "fuse.rclone"),
        ("/mnt/fuse/state.db", None),
        ("/srv/local/../state.db", "nfs4"),
    ],
)
def test_the_nearest_mount_tells_the_kind(
    path: str, kind: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    monkeypatch.setattr("gateway.state.file_system.MOUNTS", mounts)
    assert network_file_system(Path(path)) == kind


def test_a_system_that_does_not_tell_is_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.state.file_system.MOUNTS", tmp_path / "absent")
    assert network_file_system(Path("/srv/state.db")) is None
