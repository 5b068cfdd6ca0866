"""What callers may write: names, descriptions, schedules ("Terms" in app/domain/README.md)."""

import pytest

from app.domain.input import (
    cron_mistakes,
    description_mistakes,
    is_workspace_name,
    name_key,
    name_mistakes,
)


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "Orders",
        "x" * 255,
        "  " + "x" * 255 + "\t\n",
        "Über 東京 🚀",
        "🚀" * 255,
        "a\u2028b",
        "a\u00a0b",
        "\u200d",
        None,
    ],
)
def test_names_of_flows(name: str | None) -> None:
    assert name_mistakes(name) == ()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "empty"),
        ("   \t\n", "empty"),
        ("x" * 256, "256 characters; at most 255"),
        ("🚀" * 256, "256 characters; at most 255"),
        ("a\nb", "control characters"),
        ("a\tb", "control characters"),
        ("a\0", "control characters"),
        ("\0", "control characters"),
        ("a\x7fb", "control characters"),
        ("a\x85b", "control characters"),
        ("a\x1fb", "control characters"),
    ],
)
def test_what_is_no_name_of_a_flow(name: str, says: str) -> None:
    (mistake,) = name_mistakes(name, ("items", "3", "name"))
    assert mistake.path == ("items", "3", "name")
    assert says in mistake.message


@pytest.mark.parametrize("description", [None, "", "x" * 1000, "🚀" * 1000, "two\nlines\tand more"])
def test_descriptions(description: str | None) -> None:
    assert description_mistakes(description) == ()


@pytest.mark.parametrize(("description", "says"), [("x" * 1001, "1001 characters; at most 1000"), ("a\0b", "NUL")])
def test_what_is_no_description(description: str, says: str) -> None:
    (mistake,) = description_mistakes(description)
    assert mistake.path == ("description",)
    assert says in mistake.message


@pytest.mark.parametrize(
    "expression",
    [
        "* * * * *",
        "*/15 * * * *",
        "0 0 1 1 0",
        "59 23 31 12 7",
        "0,15,30,45 8-18 * * MON-FRI",
        "0-30/10,45 */2 1,15 jan,Jul sun",
        "00 04 * * *",
        "5 4 * DEC *",
    ],
)
def test_schedules(expression: str) -> None:
    assert cron_mistakes(expression) == ()


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "often",
        "* * * *",
        "* * * * * *",
        " * * * * *",
        "* * * * * ",
        "*  * * * *",
        "*\t* * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 0 *",
        "* * * 13 *",
        "* * * * 8",
        "-1 * * * *",
        "*/0 * * * *",
        "*/ * * * *",
        "*/-5 * * * *",
        "1- * * * *",
        "-5 * * * *",
        "1-2-3 * * * *",
        "1,,2 * * * *",
        ", * * * *",
        "1.5 * * * *",
        "MON * * * *",
        "* * * MON *",
        "* * * * JAN",
        "٣ * * * *",
        "1/2/3 * * * *",
        "@daily",
        "* * * * *\n",
        "\0",
        "0" * 5000 + " * * * *",
    ],
)
def test_what_is_no_schedule(expression: str) -> None:
    (mistake,) = cron_mistakes(expression)
    assert mistake.path == ("cron",)


FIVE_FIELDS = "The schedule isn't a cron expression of five fields with one space between them"


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("99 * * * *", "The minute of the schedule can't be 99: its values are 0 to 59."),
        ("*/0 * * * *", "The minute of the schedule can't be */0: its values are 0 to 59."),
        ("0 24 * * *", "The hour of the schedule can't be 24: its values are 0 to 23."),
        ("0 0 0 * *", "The day of the month of the schedule can't be 0: its values are 1 to 31."),
        ("0 0 * 13 *", "The month of the schedule can't be 13: its values are 1 to 12 or JAN to DEC."),
        ("0 0 * * 1,8", "The day of the week of the schedule can't be 1,8: its values are 0 to 7 or SUN to SAT."),
        ("99 99 * * *", "The minute of the schedule can't be 99: its values are 0 to 59."),
        ("* * * *", f"{FIVE_FIELDS}, such as */15 * * * * for every quarter of an hour."),
        ("*  * * *", f"{FIVE_FIELDS}, such as */15 * * * * for every quarter of an hour."),
        ("@daily", f"{FIVE_FIELDS}, such as */15 * * * * for every quarter of an hour."),
    ],
)
def test_what_is_said_of_a_wrong_schedule(expression: str, says: str) -> None:
    assert [mistake.message for mistake in cron_mistakes(expression)] == [says]


def test_a_schedule_has_at_most_255_characters() -> None:
    longest = ",".join(["10"] * 82) + ",111 * * * *"
    assert len(longest) == 257
    assert cron_mistakes(longest.replace(",111", ",1")) == ()
    (mistake,) = cron_mistakes(longest.replace(",111", ",11"))
    assert mistake.message == "The schedule has 256 characters; at most 255 are allowed."


def test_no_schedule_is_fine() -> None:
    assert cron_mistakes(None) == ()


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("abc", True),
        ("Prod 2 - east_1", True),
        ("Größe", True),
        ("x" * 40, True),
        ("ab", False),
        ("x" * 41, False),
        ("a.bc", False),
        ("abc\n", False),
        ("a\tbc", False),
        ("", False),
    ],
)
def test_names_of_workspaces(name: str, fits: bool) -> None:
    assert is_workspace_name(name) is fits


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Orders", "oRDERS", True),
        ("Straße", "STRASSE", True),
        ("Caf\u00e9", "cafe\u0301", True),
        ("Caf\u00e9", "Cafe", False),
        ("\u0130", "i\u0307", True),
        ("Orders", "Orders ", False),
    ],
)
def test_names_are_compared_without_case_however_they_are_encoded(one: str, other: str, same: bool) -> None:
    assert (name_key(one) == name_key(other)) is same
