import pytest

from gateway.domain.errors import ValidationFailed
from gateway.wire.sts_shapes import Reading, Rows, Text

TAGS = Rows(
    name="Tags", maximum=2, columns=(Text(name="Key", minimum=1, maximum=4), Text(name="Value", minimum=0, maximum=4))
)
KEYS = Rows(name="TransitiveTagKeys", maximum=2, columns=(Text(name="", minimum=1, maximum=4),))


def test_a_list_of_rows_with_several_columns_is_read() -> None:
    reading = Reading(
        {
            "Tags.member.2.Value": "",
            "Tags.member.1.Key": "team",
            "Tags.member.1.Value": "blue",
            "Tags.member.2.Key": "site",
            "Tagsmember.1.Key": "other",
        }
    )
    assert reading.rows(TAGS) == ({"Key": "team", "Value": "blue"}, {"Key": "site", "Value": ""})
    reading.finish()


def test_a_list_of_plain_texts_is_read() -> None:
    reading = Reading({"TransitiveTagKeys.member.2": "b", "TransitiveTagKeys.member.1": "a"})
    assert [row[""] for row in reading.rows(KEYS)] == ["a", "b"]
    reading.finish()


ROWS = {
    "a row without a column": (TAGS, {"Tags.member.1.Key": "a"}, "Value null at 'tags.1.member.value'"),
    "a column outside its shape": (
        TAGS,
        {"Tags.member.1.Key": "aaaaa", "Tags.member.1.Value": ""},
        "Value 'aaaaa' at 'tags.1.member.key'",
    ),
    "a plain text outside its shape": (
        KEYS,
        {"TransitiveTagKeys.member.1": ""},
        "Value '' at 'transitiveTagKeys.1.member'",
    ),
    "a hole": (KEYS, {"TransitiveTagKeys.member.2": "a"}, "Value null at 'transitiveTagKeys.1.member'"),
}


@pytest.mark.parametrize(("shape", "values", "told"), ROWS.values(), ids=ROWS)
def test_a_violation_in_a_list_names_its_row(shape: Rows, values: dict[str, str], told: str) -> None:
    reading = Reading(values)
    reading.rows(shape)
    with pytest.raises(ValidationFailed, match=f"1 validation error detected: {told} failed"):
        reading.finish()


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("Tags", True),
        ("Tags.member.1.Key", True),
        ("Tags.member.9999.Value", True),
        ("Tags.member.10000.Value", False),
        ("Tags.member.1", False),
        ("Tags.member.1.key", False),
        ("Tags.member.1.KeyValue", False),
        ("Tags.member.1.Key\n", False),
    ],
)
def test_a_list_knows_its_right_names(name: str, right: bool) -> None:
    assert (TAGS.spelling.fullmatch(name) is not None) is right


def test_a_list_says_how_it_is_written() -> None:
    assert TAGS.written == "Tags.member.N.Key or Tags.member.N.Value"
    assert KEYS.written == "TransitiveTagKeys.member.N"
