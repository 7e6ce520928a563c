"""A keyring that a Kubernetes Secret keeps: made where there is none, rotated without losing another's change."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.client.kubernetes import KubernetesApi, KubernetesRefusal, KubernetesUnreachable, NotInCluster, Secret
from gateway.sealing.key_file import UnusableKeyring, new_keyring, refuse_too_many, rotated
from gateway.sealing.key_text import parse, rendered
from gateway.sealing.keyring import Keyring

KEY: Final = "keyring.json"
"""Under which key of the Secret the keyring stands; pods see it as a file of this name."""
_TRIES: Final = 5
_CONFLICT: Final = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyringSecret:
    """Which Secret. It must be there already, so that whoever changes keys needs rights to it alone."""

    namespace: str
    name: str

    @classmethod
    def named(cls, text: str) -> "KeyringSecret":
        """`NAMESPACE/NAME`. Raises ValueError."""
        namespace, slash, name = text.partition("/")
        if not namespace or not slash or not name or "/" in name:
            raise ValueError("not a Secret; write NAMESPACE/NAME")
        return cls(namespace=namespace, name=name)

    def __str__(self) -> str:
        return f"Secret {self.namespace}/{self.name}"


def generate(place: KeyringSecret, *, now: datetime) -> Keyring | None:
    """Put a first keyring, in force from now on, into a Secret that has none; None where it has one already.

    Raises UnusableKeyring.
    """
    with _told(place), closing(KubernetesApi.in_cluster()) as api:
        return _generated(api, place, now)


def rotate(place: KeyringSecret, *, now: datetime, seals_after: timedelta) -> Keyring:
    """Add keys to the keyring of a Secret and drop those that nothing needs any more; returns what it now holds.

    Raises UnusableKeyring.
    """
    with _told(place), closing(KubernetesApi.in_cluster()) as api:
        return _rotated(api, place, now, seals_after)


def _generated(api: KubernetesApi, place: KeyringSecret, now: datetime) -> Keyring | None:
    for _ in range(_TRIES):
        secret = _secret(api, place)
        if KEY in secret.data:
            _parsed(place, secret)  # what is there must be a keyring: nothing of it is ever written over
            return None
        keyring = new_keyring(now=now, in_force_from=now)
        if _is_written(api, place, keyring, secret):
            return keyring
    raise UnusableKeyring(f"{place}: others change it all the time; try again")


def _rotated(api: KubernetesApi, place: KeyringSecret, now: datetime, seals_after: timedelta) -> Keyring:
    fresh = new_keyring(now=now, in_force_from=now + seals_after)
    for _ in range(_TRIES):
        secret = _secret(api, place)
        present = _parsed(place, secret)
        if present.key(fresh.keys[0].key_id) is not None:
            return present  # the change before arrived, and its answer did not
        keyring = rotated(present, fresh, now=now)
        refuse_too_many(place, keyring)
        if _is_written(api, place, keyring, secret):
            return keyring
    raise UnusableKeyring(f"{place}: others change it all the time; try again")


def _is_written(api: KubernetesApi, place: KeyringSecret, keyring: Keyring, secret: Secret) -> bool:
    """Whether it was; not where somebody has changed the Secret since it was read."""
    content = {KEY: rendered(keyring).encode("ascii")}
    try:
        api.change_secret(place.namespace, place.name, content, resource_version=secret.resource_version)
    except KubernetesRefusal as refusal:
        if refusal.status != _CONFLICT:
            raise
        return False
    return True


def _secret(api: KubernetesApi, place: KeyringSecret) -> Secret:
    secret = api.secret(place.namespace, place.name)
    if secret is None:
        raise UnusableKeyring(f"{place}: there is no such Secret; create an empty one first")
    return secret


def _parsed(place: KeyringSecret, secret: Secret) -> Keyring:
    if KEY not in secret.data:
        raise UnusableKeyring(f"{place}: holds no {KEY}; make one with `sts-gateway keys generate --kubernetes-secret`")
    try:
        return parse(secret.data[KEY])
    except ValueError as fault:
        raise UnusableKeyring(f"{place}: its {KEY} is not a keyring of this gateway: {fault}") from None


@contextmanager
def _told(place: KeyringSecret) -> Iterator[None]:
    """What the API server refuses is told as the keyring's fault."""
    try:
        yield
    except NotInCluster as fault:
        raise UnusableKeyring(str(fault)) from None
    except (KubernetesRefusal, KubernetesUnreachable) as fault:
        raise UnusableKeyring(f"{place}: {fault}") from None
