"""`--role-arn`, with and without a name."""

import pytest

from gateway.sidecar.roles import UnusableRole, wanted

ARN = "arn:aws:iam::111122223333:role/etl/Job"


def test_names_and_arns_are_read_apart() -> None:
    found = wanted([ARN, "lake=arn:aws:iam::444455556666:role/a=b"])

    assert [(one.name, one.account, one.imds_name) for one in found] == [
        (None, "111122223333", "Job"),
        ("lake", "444455556666", "lake"),
    ]
    assert found[1].arn == "arn:aws:iam::444455556666:role/a=b"


@pytest.mark.parametrize(
    "word",
    [
        "",
        "Analyst",
        "arn:aws:iam::1:role/x",
        "arn:aws:iam::111122223333:user/x",
        "arn:aws:iam::111122223333:role/",
        f"={ARN}",
        f"a/b={ARN}",
        f"ü={ARN}",
        f"{ARN}\n",
        f"x={ARN} ",
    ],
)
def test_what_is_none_is_told_with_the_form(word: str) -> None:
    with pytest.raises(UnusableRole, match="write arn:aws:iam::ACCOUNT:role/NAME, or NAME=ARN"):
        wanted([word])


@pytest.mark.parametrize("words", [[ARN, ARN], [f"a={ARN}", f"a={ARN}"], [ARN, f"Job={ARN}"]])
def test_one_name_stands_for_one_role(words: list[str]) -> None:
    with pytest.raises(UnusableRole, match="each name once"):
        wanted(words)
