"""A real OpenLDAP on free loopback ports: LDAPS, StartTLS, memberOf, password policy; bad weather on command."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from tests.servers.certificates import Authority, Pair

SUFFIX = "dc=example,dc=test"
PEOPLE = f"ou=people,{SUFFIX}"
GROUPS = f"ou=groups,{SUFFIX}"
SERVICE_DN = f"cn=svc,{SUFFIX}"
SERVICE_PASSWORD = "canary-service-password"
ALICE_ID = "11111111-2222-4333-8444-555555555555"
_PATIENCE = 10

_CONFIGURATION = """\
dn: cn=config
objectClass: olcGlobal
cn: config
olcTLSCACertificateFile: {ca}
olcTLSCertificateFile: {certificate}
olcTLSCertificateKeyFile: {key}
olcTLSVerifyClient: never
olcLogLevel: stats
olcThreads: 16
olcIdleTimeout: {idle_seconds}

dn: cn=module{{0}},cn=config
objectClass: olcModuleList
cn: module{{0}}
olcModulePath: /usr/lib/ldap
olcModuleLoad: back_mdb
olcModuleLoad: memberof
olcModuleLoad: refint
olcModuleLoad: ppolicy

dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

include: file:///etc/ldap/schema/core.ldif
include: file:///etc/ldap/schema/cosine.ldif
include: file:///etc/ldap/schema/nis.ldif
include: file:///etc/ldap/schema/inetorgperson.ldif

dn: olcDatabase={{-1}}frontend,cn=config
objectClass: olcDatabaseConfig
objectClass: olcFrontendConfig
olcDatabase: {{-1}}frontend
olcAccess: to dn.base="" by * read

dn: olcDatabase={{0}}config,cn=config
objectClass: olcDatabaseConfig
olcDatabase: {{0}}config

dn: olcDatabase={{1}}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {{1}}mdb
olcSuffix: {suffix}
olcRootDN: cn=admin,{suffix}
olcRootPW: admin-secret
olcDbDirectory: {folder}/db
olcDbMaxSize: 268435456
olcDbNoSync: TRUE
olcDbIndex: objectClass,uid,mail,cn,member,memberUid,entryUUID eq
olcLimits: dn.exact="{service}" size.soft=500 size.hard=500 size.prtotal=unlimited
{access}olcAccess: to attrs=userPassword by self write by anonymous auth by * none
olcAccess: to * by dn.exact="{service}" read by self read by anonymous auth by * {others}
{overlays}"""
_MEMBER_OF = """
dn: olcOverlay={{0}}memberof,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcMemberOf
olcOverlay: {{0}}memberof
olcMemberOfGroupOC: groupOfNames
olcMemberOfMemberAD: member
olcMemberOfMemberOfAD: memberOf
olcMemberOfRefInt: TRUE
"""
_POLICY = """
dn: olcOverlay={{{number}}}ppolicy,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcPPolicyConfig
olcOverlay: {{{number}}}ppolicy
olcPPolicyDefault: cn=default,ou=policies,{suffix}
olcPPolicyHashCleartext: TRUE
olcPPolicyUseLockout: TRUE
"""


def available() -> bool:
    return shutil.which("slapd", path=f"{os.environ['PATH']}:/usr/sbin") is not None


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def record(dn: str, *classes: str, **attributes: Any) -> str:
    """One LDIF record; a value that is a list is written once for each item. Texts are UTF-8, escaped where needed."""
    lines = [_line("dn", dn), *(f"objectClass: {name}" for name in classes)]
    for name, value in attributes.items():
        lines += [_line(name.replace("_", "-"), item) for item in (value if isinstance(value, list) else [value])]
    return "\n".join(lines) + "\n\n"


def _line(name: str, value: Any) -> str:
    text = str(value)
    if text.isascii() and text.isprintable() and text.strip() == text and text[:1] not in {":", "<", ""}:
        return f"{name}: {text}"
    import base64

    return f"{name}:: {base64.b64encode(text.encode()).decode()}"


def person(name: str, password: str | None = None, *classes: str, **attributes: Any) -> str:
    given = {"uid": name, "cn": name, "sn": name, "mail": f"{name}@example.test"} | attributes
    if password is not None:
        given["userPassword"] = password
    return record(f"uid={name},{PEOPLE}", "inetOrgPerson", *classes, **given)


def group(cn: str, *members: str, base: str = GROUPS) -> str:
    return record(f"cn={cn},{base}", "groupOfNames", cn=cn, member=list(members))


def member(uid: str) -> str:
    return f"uid={uid},{PEOPLE}"


def tree() -> str:
    """What every directory here has: the service account, a policy, and the places of people and groups."""
    return "".join(
        [
            record(SUFFIX, "dcObject", "organization", dc="example", o="Example"),
            record(
                SERVICE_DN,
                "organizationalRole",
                "simpleSecurityObject",
                cn="svc",
                userPassword=SERVICE_PASSWORD,
                pwdPolicySubentry=f"cn=service,ou=policies,{SUFFIX}",
            ),
            *(
                record(f"ou={name},{SUFFIX}", "organizationalUnit", ou=name)
                for name in ("policies", "people", "groups")
            ),
            record(
                f"cn=default,ou=policies,{SUFFIX}",
                "device",
                "pwdPolicy",
                cn="default",
                pwdAttribute="userPassword",
                pwdLockout="TRUE",
                pwdMaxFailure=3,
                pwdFailureCountInterval=60,
                pwdLockoutDuration=300,
                pwdMustChange="TRUE",
            ),
            record(
                f"cn=service,ou=policies,{SUFFIX}", "device", "pwdPolicy", cn="service", pwdAttribute="userPassword"
            ),
            record(
                f"cn=patient,ou=policies,{SUFFIX}", "device", "pwdPolicy", cn="patient", pwdAttribute="userPassword"
            ),
        ]
    )


class Slapd:
    """One server. `data`: LDIF records behind those of `tree`, operational attributes too; `bulk`: many, without overlays."""

    def __init__(
        self,
        folder: Path,
        *,
        data: str = "",
        bulk: str = "",
        pair: Pair | None = None,
        authority: Authority | None = None,
        member_of: bool = True,
        policy: bool = True,
        others_read: bool = False,
        idle_seconds: int = 0,
        access: str = "",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.authority = authority or Authority(folder / "tls")
        self.pair = pair or self.authority.issue("server", "localhost", "127.0.0.1")
        self.port, self.tls_port = free_ports(2)
        self._child: subprocess.Popen[bytes] | None = None
        overlays = (_MEMBER_OF.format() if member_of else "") + (
            _POLICY.format(number=int(member_of), suffix=SUFFIX) if policy else ""
        )
        (folder / "db").mkdir()
        (folder / "slapd.d").mkdir()
        (folder / "config.ldif").write_text(
            _CONFIGURATION.format(
                ca=self.authority.file,
                certificate=self.pair.certificate,
                key=self.pair.key,
                suffix=SUFFIX,
                service=SERVICE_DN,
                folder=folder,
                others="read" if others_read else "none",
                idle_seconds=idle_seconds,
                access=f"olcAccess: {access}\n" if access else "",
                overlays=overlays,
            )
        )
        self._add("0", "config.ldif")
        (folder / "data.ldif").write_text((tree() if policy else _without_policies(tree())) + bulk)
        self._add("1", "data.ldif")
        self.start()
        if data:
            self.ldapmodify(_as_additions(data))

    @property
    def url(self) -> str:
        return f"ldaps://localhost:{self.tls_port}"

    @property
    def plain_url(self) -> str:
        return f"ldap://localhost:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Honest settings of a provider, as YAML would give them."""
        return {
            "type": "ldap",
            "servers": [self.url],
            "ca_file": str(self.authority.file),
            "bind_dn": SERVICE_DN,
            "bind_password": SERVICE_PASSWORD,
            "users": {"base": PEOPLE},
            "groups": {"base": GROUPS},
        } | changes

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._child = subprocess.Popen(
                [
                    "/usr/sbin/slapd", "-F", self.folder / "slapd.d", "-d", "stats", "-h",
                    f"ldap://127.0.0.1:{self.port}/ ldaps://127.0.0.1:{self.tls_port}/",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self._until_it_listens()

    def kill(self) -> None:
        """End it at once, as a crash does."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def freeze(self) -> None:
        """It accepts connections, and never answers."""
        assert self._child is not None
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._child is not None:
            self._child.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.thaw()
        self.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ldapmodify(self, ldif: str) -> None:
        """Apply LDIF changes as the administrator, operational attributes too."""
        done = subprocess.run(
            [
                "ldapmodify", "-x", "-M", "-H", f"ldap://127.0.0.1:{self.port}", "-D", f"cn=admin,{SUFFIX}",
                "-w", "admin-secret", "-e", "relax",
            ],
            input=ldif.encode(), capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()

    def count(self, pattern: str) -> int:
        """Lines of the log that hold `pattern`."""
        return len(re.findall(pattern, self.log))

    def _add(self, number: str, name: str) -> None:
        done = subprocess.run(
            ["/usr/sbin/slapadd", "-q", "-n", number, "-F", self.folder / "slapd.d", "-l", self.folder / name],
            capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()

    def _until_it_listens(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        for port in (self.port, self.tls_port):
            while True:
                assert self._child is not None
                assert self._child.poll() is None, self.log
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    assert time.monotonic() < deadline, self.log
                    time.sleep(0.02)


def _as_additions(data: str) -> str:
    return re.sub(r"(?m)^(dn::? .*)$", r"\1\nchangetype: add", data)


def _without_policies(ldif: str) -> str:
    records = [one for one in ldif.split("\n\n") if "pwdPolicy\n" not in one]
    return re.sub(r"(?m)^pwdPolicySubentry.*\n", "", "\n\n".join(records) + "\n")


def changes(dn: str, **replaced: Iterable[str] | str) -> str:
    """An LDIF change that replaces attributes."""
    parts = [
        "\n".join([f"replace: {name}", *(_line(name, item) for item in ([value] if isinstance(value, str) else value))])
        for name, value in replaced.items()
    ]
    return f"{_line('dn', dn)}\nchangetype: modify\n" + "\n-\n".join(parts) + "\n\n"
