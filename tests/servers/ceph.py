"""A real Ceph on loopback: a monitor, a memory store, a manager and the S3 gateway (RGW), which checks signatures."""

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Final, Self

ACCESS_KEY: Final = "UPSTREAMKEY000000001"
SECRET_KEY: Final = "canary-upstream-secret"
_PATIENCE: Final = 60
_MONITOR: Final = "mon"
_CONFIGURATION: Final = """\
[global]
fsid = {fsid}
mon_host = [v2:127.0.0.1:{port},v1:127.0.0.1:{second_port}]
public_network = 127.0.0.0/8
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
run_dir = {folder}
log_file = {folder}/$name.log
admin_socket = {folder}/$name.asok
pid_file = {folder}/$name.pid
mon_data = {folder}/mon
osd_data = {folder}/osd
mgr_data = {folder}/mgr
[osd]
osd_objectstore = memstore
memstore_device_bytes = 2147483648
osd_memory_target = 939524096
[client]
rgw_frontends = beast endpoint=127.0.0.1:{s3_port}
"""
# Without these the S3 gateway cannot agree on "no authentication" with the monitor.
_UNGUARDED: Final = (
    "--auth_client_required=none",
    "--auth_supported=none",
    "--ms_mon_client_mode=crc",
    "--no-mon-config",
)


def is_installed() -> bool:
    """Ceph's daemons start as root alone."""
    return os.geteuid() == 0 and all(map(shutil.which, ("radosgw", "ceph-mon", "ceph-osd", "ceph-mgr", "ceph")))


class Ceph:
    """Up on entering, within half a minute; one user with one key."""

    def __init__(self, folder: Path, *, port: int, monitor_ports: tuple[int, int]) -> None:
        self.port = port
        self._folder = folder
        self._monitor_ports = monitor_ports
        self._fsid, self._osd = str(uuid.uuid4()), str(uuid.uuid4())
        self._conf = folder / "ceph.conf"
        self._daemons: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for daemon in reversed(self._daemons):
            daemon.kill()
        for daemon in self._daemons:
            daemon.wait()

    def _start(self) -> None:
        for name in (_MONITOR, "osd", "mgr"):
            (self._folder / name).mkdir(parents=True)
        port, second = self._monitor_ports
        self._conf.write_text(
            _CONFIGURATION.format(
                fsid=self._fsid, port=port, second_port=second, folder=self._folder, s3_port=self.port
            )
        )
        monmap = str(self._folder / "monmap")
        address = f"[v2:127.0.0.1:{port},v1:127.0.0.1:{second}]"
        _run("monmaptool", "--create", "--clobber", "--fsid", self._fsid, "--addv", "a", address, monmap)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap)
        self._spawn("ceph-mon", "-i", "a", "-f")
        self._run("ceph", "--connect-timeout", str(_PATIENCE), "osd", "new", self._osd, "0")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", self._osd)
        self._spawn("ceph-osd", "-i", "0", "-f")
        self._spawn("ceph-mgr", "-i", "x", "-f")
        self._run("ceph", "osd", "crush", "add", "0", "1", "root=default", f"host={socket.gethostname().split('.')[0]}")
        self._spawn("radosgw", "--name", "client.admin", "-f", *_UNGUARDED)
        self._until_it_answers()
        user = ("--uid=up", "--display-name=up", f"--access-key={ACCESS_KEY}", f"--secret={SECRET_KEY}")
        self._run("radosgw-admin", "user", "create", *user)

    def _run(self, program: str, *words: str) -> None:
        _run(program, "--conf", str(self._conf), *words)

    def _spawn(self, program: str, *words: str) -> None:
        with (self._folder / f"{program}.out").open("wb") as out:
            command = [program, "--conf", str(self._conf), *words]
            self._daemons.append(subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT))

    def _until_it_answers(self) -> None:
        ends = time.monotonic() + _PATIENCE
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2).close()
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < ends, f"Ceph does not answer: {self._folder}"
                time.sleep(0.3)
            else:
                return


def _run(*command: str) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    assert ended.returncode == 0, f"{' '.join(command)}\n{ended.stdout}{ended.stderr}"
