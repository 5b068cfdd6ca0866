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
        "*/1 * * * *",
        "0 0 1 1 0",
        "59 23 31 12 7",
        "0,15,30,45 8-18 * * MON-FRI",
        "0-30/10,45 */2 1,15 jan,Jul sun",
        "00 04 * * *",
        "5 4 * DEC *",
        "5-5 1-1/2 31-31 DEC-DEC SAT-SAT",
        "*/60 */24 */31 */12 */7",
        "0-59/60 * * * 5-7",
        "0 0 * * SUN-SAT",
        "50-59,0-10 * * NOV-DEC,JAN-FEB FRI-SAT,SUN-MON",
        "05-9 * * * *",
        "7/10 * * * *",
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
        "5-1 * * * *",
        "* 18-8 * * *",
        "* * 31-1 * *",
        "* * * DEC-JAN *",
        "* * * 12-1 *",
        "* * * * FRI-MON",
        "* * * * 7-1",
        "* * * * MON-SUN",
        "1,5-1 * * * *",
        "5-1/2 * * * *",
        "*/61 * * * *",
        "* */25 * * *",
        "* * */32 * *",
        "* * * */13 *",
        "* * * * */8",
        "0-30/61 * * * *",
        "*/00 * * * *",
        "*/1.5 * * * *",
        "*/MON * * * *",
        "/5 * * * *",
        "- * * * *",
        "1-60 * * * *",
        "**/5 * * * *",
        "*-5 * * * *",
        "1-* * * * *",
        "*,* , * * *",
        "1, * * * *",
        ",1 * * * *",
        "*/5, * * * *",
        "* * * * MON,,FRI",
        "? * * * *",
        "* * L * *",
        "* * * * MON#1",
        "* * * * MONDAY",
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
        ("*/0 * * * *", "The minute of the schedule can't be */0: a step is a number from 1 to 60."),
        ("0 */48 * * *", "The hour of the schedule can't be */48: a step is a number from 1 to 24."),
        ("0 0 */ * *", "The day of the month of the schedule can't be */: a step is a number from 1 to 31."),
        (
            "5-1 * * * *",
            "The minute of the schedule can't be 5-1: the range 5-1 ends before it begins. Write two, such as 5-59,0-1.",
        ),
        (
            "0 0 * * 3,FRI-MON",
            (
                "The day of the week of the schedule can't be 3,FRI-MON: the range FRI-MON ends before it begins. "
                "Write two, such as FRI-SAT,SUN-MON."
            ),
        ),
        (
            "0 0 * nov-2/2 *",
            (
                "The month of the schedule can't be nov-2/2: the range nov-2 ends before it begins. "
                "Write two, such as nov-DEC,1-2."
            ),
        ),
        (
            "0 0 * * 5-1",
            (
                "The day of the week of the schedule can't be 5-1: the range 5-1 ends before it begins. "
                "Write two, such as 5-7,0-1."
            ),
        ),
        ("1,,2 * * * *", "The minute of the schedule can't be 1,,2: between its commas a value is missing."),
        ("0 8, * * *", "The hour of the schedule can't be 8,: between its commas a value is missing."),
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


@pytest.mark.parametrize("item", ["5-1", "12-7", "DEC-feb", "11-APR", "6-2", "7-0", "fri-SUN", "sat-1", "3-MON"])
def test_the_two_ranges_that_are_offered_for_one_that_ends_before_it_begins_are_a_schedule(item: str) -> None:
    offers = []
    for position in range(5):
        fields = ["*"] * 5
        fields[position] = item
        for mistake in cron_mistakes(" ".join(fields)):
            if "such as" in mistake.message:
                fields[position] = mistake.message.rpartition(" ")[2].removesuffix(".")
                offers.append(cron_mistakes(" ".join(fields)))
    assert offers
    assert {*offers} == {()}


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
