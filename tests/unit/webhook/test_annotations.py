"""What annotations mean: shapes of the EKS webhook, their bounds, and a word where one is not taken as it stands."""

import pytest

from gateway.webhook.annotations import Annotations, Wish
from gateway.webhook.settings import Mode
from tests.fakes.webhook_world import ROLE, settings

PREFIX = "eks.amazonaws.com"


def wish(account: dict[str, str], pod: dict[str, str] | None = None) -> tuple[Wish, list[str]]:
    warnings: list[str] = []
    annotations = Annotations(
        settings=settings(),
        service_account={f"{PREFIX}/{key}": value for key, value in {"role-arn": ROLE, **account}.items()},
        pod={f"{PREFIX}/{key}": value for key, value in (pod or {}).items()},
        warnings=warnings,
    )
    wished = annotations.wish()
    assert wished is not None
    return wished, warnings


def test_a_role_alone_gets_every_default() -> None:
    assert wish({}) == (
        Wish(
            role_arn=ROLE,
            audience="sts.amazonaws.com",
            mode=Mode.ENVIRONMENT,
            token_life=86_400,
            regional=True,
            skipped=frozenset(),
        ),
        [],
    )


def test_an_empty_role_is_none() -> None:
    annotations = Annotations(settings=settings(), service_account={f"{PREFIX}/role-arn": ""}, pod={}, warnings=[])

    assert annotations.wish() is None


def test_an_audience_of_the_accounts_own() -> None:
    assert wish({"audience": "other"})[0].audience == "other"


@pytest.mark.parametrize(
    ("account", "pod", "life", "told"),
    [
        (None, None, 86_400, False),
        ("3600", None, 3_600, False),
        ("3600", "7200", 7_200, False),
        (None, "600", 600, False),
        ("599", None, 600, True),
        ("86401", None, 86_400, True),
        ("1h", None, 86_400, True),
        ("-1", None, 86_400, True),
        ("\u0663\u0666\u0660\u0660", None, 86_400, True),
        ("9" * 5_000, None, 86_400, True),
    ],
)
def test_the_tokens_life_is_the_pods_wish_before_the_accounts_and_within_kubernetes_bounds(
    account: str | None, pod: str | None, life: int, told: bool
) -> None:
    key = "token-expiration"

    wished, warnings = wish({key: account} if account else {}, {key: pod} if pod else {})

    assert wished.token_life == life
    assert [f"{PREFIX}/{key}" in warning for warning in warnings] == [True] * told


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a", {"a"}),
        ("a,b", {"a", "b"}),
        (" a , b ,", {"a", "b"}),
        ('"a",b', {"a", "b"}),
        ("", set()),
    ],
)
def test_skipped_containers_are_one_record_of_values_with_commas_between(text: str, names: set[str]) -> None:
    assert wish({}, {"skip-containers": text})[0].skipped == names


def test_a_record_that_cannot_be_read_skips_nobody_and_is_told() -> None:
    wished, warnings = wish({}, {"skip-containers": '"a'})

    assert wished.skipped == frozenset()
    assert warnings == [f"{PREFIX}/skip-containers is no list with commas between: no container is skipped"]


@pytest.mark.parametrize(("word", "mode"), [("sidecar", Mode.SIDECAR), ("environment", Mode.ENVIRONMENT)])
def test_an_account_may_choose_how(word: str, mode: Mode) -> None:
    assert wish({"inject": word})[0].mode is mode


def test_an_unknown_way_is_told_and_the_webhooks_own_taken() -> None:
    wished, warnings = wish({"inject": "magic"})

    assert wished.mode is Mode.ENVIRONMENT
    assert warnings == [f"{PREFIX}/inject is neither `sidecar` nor `environment`: environment is taken"]


def test_what_is_no_arn_is_told() -> None:
    wished, warnings = wish({"role-arn": "EtlJob"})

    assert wished.role_arn == "EtlJob"
    assert warnings == [f"{PREFIX}/role-arn is no role's ARN: the gateway will refuse it"]
