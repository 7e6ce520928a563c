"""`sts-gateway import minio`: MinIO's policies and attachments, as a configuration with the reason for each line."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.cli.access import printable

if TYPE_CHECKING:
    from gateway.exchange.minio_import import Import, NewRole
    from gateway.exchange.minio_policies import MovedPolicy

SUMMARY: Final = (
    "turn another system's permissions into a configuration, written to standard output; each decision is told in a "
    "comment. minio: the policies of `mc admin policy info`, and who has them by `mc idp ldap policy entities --json` "
    "or `mc idp openid info --json`"
)
EXAMPLE: Final = """
mc admin policy info myminio readwrite > policies/readwrite.json
mc idp ldap policy entities myminio --json > attachments.json
sts-gateway import minio --policies policies --attachments attachments.json > imported.yaml
"""
_MAXIMUM_FILE: Final = 4_000_000
_HEAD: Final = """\
# From MinIO, by `sts-gateway import minio`. What begins with `#gateway:` and `#providers:` is for you to complete.
# In MinIO a person has the policies of all their groups and of their own DN at once. A session here is of one role:
# what is attached together is one role, and who holds several chooses one. MinIO's clients, which name no role, need
# exactly one: for people who use them, map one of their groups alone, to a role with all the policies that they need.

#gateway:
#  public_url: https://sts.example.com
#  keyring: ./keyring.json

# The 12-digit id stands in ARNs; choose your own, here and in trust policies.
"""
_PROVIDERS: Final = """
# The providers as MinIO knows them: MINIO_IDENTITY_LDAP_* and MINIO_IDENTITY_OPENID_* of its environment. The audience
# is MinIO's client_id.
#providers:"""
_DIRECTORY: Final = """\
#  ldap:
#    type: ldap
#    servers: [ldaps://ldap.example.com]
#    bind_dn: cn=sts,ou=services,dc=example,dc=com
#    bind_password: ${file:./ldap-password}
#    users: {base: "ou=people,dc=example,dc=com", filter: "(uid={username})"}
#    groups: {base: "ou=groups,dc=example,dc=com", filter: "(member={dn})"}"""
_OPENID: Final = """\
#  openid:
#    type: oidc
#    issuer: https://login.example.com
#    audiences: [minio]"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the system, `--policies` and `--attachments`."""
    parser.add_argument("system", choices=("minio",), help="where the permissions come from")
    parser.add_argument(
        "--policies", type=Path, required=True, metavar="DIR", help="a folder of *.json, one policy a file"
    )
    parser.add_argument(
        "--attachments", type=Path, required=True, metavar="FILE", help="who has which policies; JSON, one or several"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the configuration. 0: all of it; 1: without what standard error tells; 2: a file that cannot be used."""
    from gateway.exchange.minio_attachments import attachments
    from gateway.exchange.minio_import import imported
    from gateway.exchange.minio_policies import UnusableExport, moved_policy

    try:
        policies = [moved_policy(path.name, _object(path)) for path in _files(arguments.policies)]
        result = imported(policies, attachments(_documents(arguments.attachments)))
    except UnusableExport as fault:
        print(f"sts-gateway import: {printable(str(fault))}", file=sys.stderr)
        return 2
    print("\n".join(_lines(result)))
    for sentence in result.left_out:
        print(f"sts-gateway import: left out: {printable(sentence)}", file=sys.stderr)
    return 1 if result.left_out else 0


def _files(folder: Path) -> Sequence[Path]:
    from gateway.exchange.minio_policies import UnusableExport

    files = sorted(folder.glob("*.json"))
    if not files:
        raise UnusableExport(f"--policies {folder} holds no *.json; save `mc admin policy info ALIAS NAME` of each")
    return files


def _object(path: Path) -> Mapping[str, Any]:
    from gateway.exchange.minio_policies import UnusableExport

    documents = _documents(path)
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise UnusableExport(f"{path} holds more or less than one JSON object; write one policy a file")
    return documents[0]


def _documents(path: Path) -> Sequence[Any]:
    """The JSON documents of a file, one after the other: MinIO's client prints several so."""
    from gateway.exchange.minio_policies import UnusableExport

    try:
        with path.open("rb") as file:
            raw = file.read(_MAXIMUM_FILE + 1)
        if len(raw) > _MAXIMUM_FILE:
            raise UnusableExport(f"{path} is larger than {_MAXIMUM_FILE} bytes; split it")
        text, decoder, found = raw.decode("utf-8-sig").strip(), json.JSONDecoder(), []
        while text:
            document, end = decoder.raw_decode(text)
            found.append(document)
            text = text[end:].lstrip()
    except OSError as fault:
        raise UnusableExport(f"{path} cannot be read: {fault.strerror}; name a readable file") from None
    except (ValueError, RecursionError):
        raise UnusableExport(f"{path} is not JSON; save what `mc ... --json` prints as it is") from None
    return found


def _lines(result: "Import") -> Iterator[str]:
    from gateway.exchange.minio_import import ACCOUNT, ACCOUNT_ID

    yield f'{_HEAD}accounts:\n  {ACCOUNT}: "{ACCOUNT_ID}"'
    yield from _providers(result)
    yield from ("", "policies:" if any(one.document for one in result.policies) else "policies: {}")
    for policy in result.policies:
        yield from _policy(policy, {name for role in result.roles for name in role.policies})
    yield from ("", "roles:" if result.roles else "roles: {}")
    for role in result.roles:
        yield from _role(role)
    mappings = [line for role in result.roles for line in _mappings(role)]
    yield from ("", "mappings:" if mappings else "mappings: []", *mappings)
    if result.left_out:
        yield from ("", "# MinIO grants this, and nothing above does:", *map(_comment, result.left_out))


def _providers(result: "Import") -> Iterator[str]:
    yield _PROVIDERS
    if any(role.groups or role.people for role in result.roles):
        yield _DIRECTORY
    if any(role.claims for role in result.roles):
        yield _OPENID


def _policy(policy: "MovedPolicy", used: set[str]) -> Iterator[str]:
    yield from (_comment(f"{policy.name}: {note}", 2) for note in policy.notes or ("as in MinIO",))
    if policy.document is None:
        return
    if policy.name not in used:
        yield _comment(f"{policy.name}: attached to nobody", 2)
    yield from _yaml({policy.name: policy.document}, 2)


def _role(role: "NewRole") -> Iterator[str]:
    from gateway.exchange.minio_import import ACCOUNT

    section: dict[str, Any] = {"policies": list(role.policies)}
    if role.trust_policy is not None:
        yield _comment(f"{role.name}: people who had these policies by their own DN; write it as the directory does", 2)
        section["trust_policy"] = role.trust_policy
    yield from _yaml({f"{ACCOUNT}/{role.name}": section}, 2)


def _mappings(role: "NewRole") -> Iterator[str]:
    from gateway.exchange.minio_import import ACCOUNT, DIRECTORY, OPENID

    names = [f"{ACCOUNT}/{role.name}"]
    if role.groups:
        yield _comment(f"groups with {', '.join(role.policies)}; spaces, case and escapes of a DN do not matter", 2)
        yield from _yaml([{"provider": DIRECTORY, "groups": list(role.groups), "roles": names}], 2)
    for claims in role.claims:
        everybody = claims.get("sub") == ["*"]
        told = "role_policy: everybody with a token of the provider" if everybody else "the claim names the policy"
        yield _comment(f"{told}; narrow it where you can", 2)
        yield from _yaml([{"provider": OPENID, "claims": claims, "roles": names}], 2)


def _comment(text: str, indent: int = 0) -> str:
    # A name from MinIO with a line break in it would end the comment and begin a setting.
    return f"{' ' * indent}# {printable(text)}"


def _yaml(value: object, indent: int) -> Iterator[str]:
    import yaml

    text: str = yaml.safe_dump(_inert(value), sort_keys=False, default_flow_style=None, width=10_000)
    return (f"{' ' * indent}{line}" for line in text.splitlines())


def _inert(value: Any) -> Any:
    """`value` without references: what came from MinIO must not read files or the environment of the gateway."""
    if isinstance(value, Mapping):
        return {name: _inert(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_inert(one) for one in value]
    if not isinstance(value, str):
        return value
    return value.replace("${env:", "$${env:").replace("${file:", "$${file:")
