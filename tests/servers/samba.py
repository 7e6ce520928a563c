"""A real Active Directory domain controller: Samba, provisioned once a run, on a loopback address of its own.

Its ports are fixed, so that two of them, or one beside another directory, differ by address. Needs root.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from tests.servers.certificates import Authority

REALM = "EXAMPLE.TEST"
ROOT = "DC=example,DC=test"
PEOPLE = f"CN=Users,{ROOT}"
GROUPS = f"OU=Teams,{ROOT}"
SERVICE_PASSWORD = "canary-Service.Pass1"
_PATIENCE = 30
# By Samba's own modules, which Debian's Python has and this one has not.
_MODIFY = """
import sys
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
settings = LoadParm()
settings.load(sys.argv[1])
SamDB(url=sys.argv[2], session_info=system_session(), lp=settings).modify_ldif(sys.stdin.read())
"""


def available() -> bool:
    found = shutil.which("samba-tool") and shutil.which("samba", path=f"{os.environ['PATH']}:/usr/sbin")
    return bool(found) and os.geteuid() == 0


class Samba:
    """One domain controller."""

    def __init__(self, folder: Path, *, address: str = "127.0.77.1") -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.address = address
        self.authority = Authority(folder / "tls")
        self._pair = self.authority.issue("dc1", "dc1.example.test", "localhost", address)
        self._child: subprocess.Popen[bytes] | None = None
        self._provision()
        self.tool(
            "domain", "passwordsettings", "set", "--complexity=off", "--min-pwd-length=1", "--min-pwd-age=0",
            "--account-lockout-threshold=0", "--account-lockout-duration=5", "--reset-account-lockout-after=5",
        )  # fmt: skip
        self.tool("ou", "add", GROUPS)
        self.user("svc", SERVICE_PASSWORD)
        self.start()

    @property
    def url(self) -> str:
        return f"ldaps://{self.address}"

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Honest settings of a provider, as YAML would give them."""
        return {
            "type": "ldap",
            "servers": [self.url],
            "ca_file": str(self.authority.file),
            "bind_dn": "svc@example.test",
            "bind_password": SERVICE_PASSWORD,
            "users": {
                "base": ROOT,
                "filter": "(&(objectClass=user)(|(sAMAccountName={username})(userPrincipalName={username})(mail={username})))",
                "username": "sAMAccountName",
            },
            "groups": {"base": GROUPS, "nested": "in_chain"},
        } | changes

    def user(self, name: str, password: str, *options: str) -> None:
        self.tool("user", "create", name, password, *options)

    def group(self, name: str, *members: str, ou: str = "OU=Teams") -> None:
        self.tool("group", "add", name, f"--groupou={ou}")
        if members:
            self.tool("group", "addmembers", name, ",".join(members))

    def tool(self, *arguments: str) -> None:
        """Ask samba-tool, which works on the database itself."""
        target: Sequence[str | Path] = ("-s", self.folder / "etc/smb.conf", "-H", self.folder / "private/sam.ldb")
        done = subprocess.run(["samba-tool", *arguments, *target], capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, f"{arguments}: {done.stderr.decode()}{done.stdout.decode()}"

    def change(self, ldif: str) -> None:
        """Apply LDIF changes to the database itself."""
        done = subprocess.run(
            ["/usr/bin/python3", "-c", _MODIFY, self.folder / "etc/smb.conf", self.folder / "private/sam.ldb"],
            input=ldif.encode(), capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()

    def start(self) -> None:
        options = {
            "server services": "ldap",
            "tls enabled": "yes",
            "tls cafile": self.authority.file,
            "tls certfile": self._pair.certificate,
            "tls keyfile": self._pair.key,
            "log file": self.folder / "samba.log",
            "pid directory": self.folder,
            "lock directory": self.folder,
            "interfaces": f"{self.address}/8",
            "bind interfaces only": "yes",
        }
        with (self.folder / "out.log").open("ab") as log:
            self._child = subprocess.Popen(
                [
                    "/usr/sbin/samba", "-F", "--no-process-group", "-M", "single", "-s", self.folder / "etc/smb.conf",
                    *(f"--option={name}={value}" for name, value in options.items()), "--debug-stdout",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + _PATIENCE
        while True:
            assert self._child.poll() is None, self.log
            try:
                socket.create_connection((self.address, 636), 1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, self.log
                time.sleep(0.05)

    @property
    def log(self) -> str:
        return (self.folder / "out.log").read_text(errors="replace")

    def close(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _provision(self) -> None:
        done = subprocess.run(
            [
                "samba-tool", "domain", "provision", "--server-role=dc", "--use-rfc2307", "--dns-backend=NONE",
                f"--realm={REALM}", "--domain=EXAMPLE", "--host-name=dc1", f"--host-ip={self.address}",
                "--adminpass=Passw0rd.Admin1", f"--targetdir={self.folder}", "--option=interfaces=lo",
                "--option=bind interfaces only=yes",
            ],
            capture_output=True, check=False, timeout=180,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
