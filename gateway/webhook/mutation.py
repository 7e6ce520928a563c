"""What is added to a pod: the environment and a token, or a sidecar that has the token and answers for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from gateway.webhook.annotations import Annotations, Wish
from gateway.webhook.json_patch import Additions, Operation
from gateway.webhook.pod import CONTAINERS, INIT_CONTAINERS, Pod
from gateway.webhook.settings import Mode, WebhookSettings
from gateway.webhook.sidecar import AUTHORIZATION, ENDPOINT_URL, NAME, native_sidecar
from gateway.webhook.token import (
    AUTHORIZATION_FILE,
    AUTHORIZATION_FOLDER,
    AUTHORIZATION_VOLUME,
    TOKEN_FOLDER,
    TOKEN_NAME,
    TOKEN_VOLUME,
)
from gateway.webhook.wiring import STATIC_KEY, Mount, Variable, Wiring, is_projected_token, projected_token

_WINDOWS_FOLDER: Final = "C:" + TOKEN_FOLDER.replace("/", "\\")
_ROLE: Final = ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")
_CONTAINER: Final = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
_RELATIVE: Final = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
MOST_CONTAINERS: Final = 500
"""What is added to a container takes a hundred times the room of a bare one: nobody's pod may hold up all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """Operations of RFC 6902, none where the pod stays as it is; and what whoever creates the pod should know.

    `wished`: whether the pod's service account asks for a role at all.
    """

    operations: Sequence[Operation] = ()
    warnings: Sequence[str] = ()
    wished: bool = False


def mutation(settings: WebhookSettings, pod: Pod, service_account: Mapping[str, str]) -> Mutation:
    """What a pod gets, by the annotations of its service account and its own. Made again on the result: nothing."""
    warnings: list[str] = []
    wish = Annotations(
        settings=settings, service_account=service_account, pod=pod.annotations, warnings=warnings
    ).wish()
    if wish is None:
        return Mutation(warnings=tuple(warnings), wished=bool(warnings))
    if len(list(islice(pod.containers, MOST_CONTAINERS + 1))) > MOST_CONTAINERS:
        warnings.append(f"the pod has more than {MOST_CONTAINERS} containers and is left alone")
        return Mutation(warnings=warnings, wished=True)
    add = _MODES[_possible_mode(wish, pod, settings, warnings)]
    additions = Additions(pod.document)
    is_complete = add(settings, pod, wish, additions, warnings)
    return Mutation(operations=additions.operations if is_complete else (), warnings=warnings, wished=True)


def _possible_mode(wish: Wish, pod: Pod, settings: WebhookSettings, warnings: list[str]) -> Mode:
    """A sidecar answers on the pod's own loopback, which a pod in the host's network has not."""
    if wish.mode is not Mode.SIDECAR:
        return wish.mode
    hindrances = {
        "it runs on Windows": pod.is_windows,
        "it is in the host's network": pod.is_in_host_network,
        "the webhook has no sidecar_image": settings.sidecar_image is None,
    }
    for hindrance in (told for told, is_there in hindrances.items() if is_there):
        warnings.append(f"the pod gets no sidecar, since {hindrance}: it gets the environment")
        return Mode.ENVIRONMENT
    return Mode.SIDECAR


def _add_environment(
    settings: WebhookSettings, pod: Pod, wish: Wish, additions: Additions, warnings: list[str]
) -> bool:
    if not _is_volume_usable(pod, TOKEN_VOLUME, warnings):
        return False
    folder, separator = (_WINDOWS_FOLDER, "\\") if pod.is_windows else (TOKEN_FOLDER, "/")
    wiring = _wiring(
        settings,
        wish,
        pair=_pair(_ROLE, wish.role_arn, f"{folder}{separator}{TOKEN_NAME}"),
        mount=Mount(volume=TOKEN_VOLUME, path=TOKEN_FOLDER),
        stronger=(STATIC_KEY,),
        warnings=warnings,
    )
    if not _wire_all(pod, wish, wiring, additions):
        return False
    _add_token_volume(pod, wish, additions)
    return True


def _add_sidecar(settings: WebhookSettings, pod: Pod, wish: Wish, additions: Additions, warnings: list[str]) -> bool:
    usable = [_is_volume_usable(pod, name, warnings) for name in (TOKEN_VOLUME, AUTHORIZATION_VOLUME)]
    if not all(usable) or not _is_name_free(pod, warnings):
        return False
    wiring = _wiring(
        settings,
        wish,
        pair=_pair(_CONTAINER, ENDPOINT_URL, AUTHORIZATION_FILE),
        mount=Mount(volume=AUTHORIZATION_VOLUME, path=AUTHORIZATION_FOLDER),
        stronger=(STATIC_KEY, _ROLE[1], _RELATIVE),
        warnings=warnings,
    )
    if not _wire_all(pod, wish, wiring, additions):
        return False
    _add_token_volume(pod, wish, additions)
    if pod.volume(AUTHORIZATION_VOLUME) is None:
        authorization = projected_token(
            AUTHORIZATION_VOLUME, path=AUTHORIZATION.path, audience=AUTHORIZATION.audience, token_life=wish.token_life
        )
        additions.append(("spec", "volumes"), authorization)
    if NAME not in {container.name for container in pod.containers}:
        # Last, since it moves the places of the init containers; first among them, so that they have credentials too.
        additions.prepend(("spec", INIT_CONTAINERS), native_sidecar(settings, wish.role_arn))
    return True


_MODES: Final = {Mode.ENVIRONMENT: _add_environment, Mode.SIDECAR: _add_sidecar}


def _wiring(
    settings: WebhookSettings,
    wish: Wish,
    *,
    pair: tuple[Variable, Variable],
    mount: Mount,
    stronger: tuple[str, ...],
    warnings: list[str],
) -> Wiring:
    return Wiring(
        pair=pair,
        endpoint=settings.gateway_url,
        region=settings.region,
        regional=wish.regional,
        mount=mount,
        stronger=stronger,
        warnings=warnings,
    )


def _wire_all(pod: Pod, wish: Wish, wiring: Wiring, additions: Additions) -> bool:
    """Whether any container uses what the pod gets."""
    left_alone = wish.skipped | {NAME}
    wired = [wiring.wire(container, additions) for container in pod.containers if container.name not in left_alone]
    return any(wired)


def _add_token_volume(pod: Pod, wish: Wish, additions: Additions) -> None:
    if pod.volume(TOKEN_VOLUME) is None:
        token = projected_token(TOKEN_VOLUME, path=TOKEN_NAME, audience=wish.audience, token_life=wish.token_life)
        additions.append(("spec", "volumes"), token)


def _is_volume_usable(pod: Pod, name: str, warnings: list[str]) -> bool:
    volume = pod.volume(name)
    if volume is None or is_projected_token(volume):
        return True
    warnings.append(f"the pod has another volume named {name} and is left alone: give that volume another name")
    return False


def _is_name_free(pod: Pod, warnings: list[str]) -> bool:
    if all(container.name != NAME or CONTAINERS not in container.way for container in pod.containers):
        return True
    warnings.append(f"the pod has a container named {NAME} and is left alone: give that container another name")
    return False


def _pair(names: tuple[str, str], which: str, proof: str) -> tuple[Variable, Variable]:
    return Variable(name=names[0], value=which), Variable(name=names[1], value=proof)
