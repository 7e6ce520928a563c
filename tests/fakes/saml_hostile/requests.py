"""What AWS's attributes ask for and nobody may have."""

from typing import Any

from tests.fakes.saml_hostile.attack import Build, add


def _asked_for(cause: str, **attributes: Any) -> tuple[Build, str]:
    names = {name.replace("_", ":"): value for name, value in attributes.items()}
    given = {
        "uid": "alice",
        **{f"https://aws.amazon.com/SAML/Attributes/{name}": value for name, value in names.items()},
    }
    return (lambda world: world.honest(attributes=given)), cause


for _name, _row in {
    "a session name that AWS does not take": _asked_for(
        "RoleSessionName in AuthnResponse must match", RoleSessionName="a b"
    ),
    "two session names": _asked_for(
        "RoleSessionName in AuthnResponse must have one value", RoleSessionName=("alice", "bob")
    ),
    "a session of a minute": _asked_for("SessionDuration", SessionDuration="60"),
    "a session of a day": _asked_for("SessionDuration", SessionDuration="86400"),
    "a session of words": _asked_for("SessionDuration", SessionDuration="1e4"),
    "a source identity that AWS does not take": _asked_for(
        "SourceIdentity in AuthnResponse must match", SourceIdentity="aws:x"
    ),
    "a tag with two values": _asked_for(
        "PrincipalTag in AuthnResponse must have one value", PrincipalTag_Team=("a", "b")
    ),
}.items():
    add(_name, *_row)
