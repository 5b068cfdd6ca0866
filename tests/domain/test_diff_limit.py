"""What comparing may take, counted: whatever two states hold, they share what is spent on matching and on paths."""

import tracemalloc
from random import Random
from typing import ClassVar

import pytest

from app.domain.diff import ENTRY, FieldChange
from app.domain.graph import Json
from app.domain.matching import MOST_CHARACTERS, MOST_STEPS, ComparisonLimit, unequal
from tests.domain.builders import native, node
from tests.domain.differences import Snapshot, compare, field_changes, snapshot

FEW_STEPS = 10_000
"""Less than a request has: what holds for them holds for more, in less time."""

CHANCE = Random(8)  # noqa: S311 - for lists, not for secrets
REPEATS = [name for number in range(499) for name in ("a", f"x{number}")]
OTHERS = [name.replace("x", "y") for name in REPEATS]
NUMBERS = [*range(1000)]
SHIFTED = [*range(1, 1000), "new"]


def with_lists(number: int, value: Json) -> Snapshot:
    return snapshot(native(*(node(str(position), fields={"list": value}) for position in range(number))))


def nested(levels: int, value: Json) -> Json:
    for _ in range(levels):
        value = [value]
    return value


class Counted(str):
    """A text that counts how often it is compared."""

    __slots__ = ()
    comparisons: ClassVar = 0

    def __eq__(self, other: object) -> bool:
        Counted.comparisons += 1
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (REPEATS, OTHERS),
        (CHANCE.choices("ab", k=600), CHANCE.choices("ab", k=600)),
        (CHANCE.choices("abcdefgh", k=4_000), CHANCE.choices("abcdefgh", k=4_000)),
        ([str(number) for number in NUMBERS], [str(number) for number in reversed(NUMBERS)]),
        (["a", "b"] * 500, ["b", "c", "a"] * 500),
        (["a"] * 5_000, ["b"] * 5_000),
    ],
)
def test_matching_two_lists_makes_no_more_comparisons_than_the_limit_has_steps(
    before: list[str], after: list[str]
) -> None:
    Counted.comparisons, limit = 0, ComparisonLimit(steps=FEW_STEPS)
    stretches = [*unequal([*map(Counted, before)], [*map(Counted, after)], limit)]
    assert Counted.comparisons <= FEW_STEPS + 3 * (len(before) + len(after))
    i = j = 0
    for i1, i2, j1, j2 in [*stretches, (len(before), len(before), len(after), len(after))]:
        assert before[i:i1] == after[j:j1]
        i, j = i2, j2


def test_between_elements_that_repeat_the_others_are_told_one_by_one() -> None:
    found = field_changes(REPEATS, OTHERS)
    assert found == tuple(FieldChange(f"/{2 * number + 1}", f"x{number}", f"y{number}") for number in range(499))


def test_lists_are_compared_element_by_element_once_the_steps_are_spent() -> None:
    limit = ComparisonLimit(steps=10)
    assert len(field_changes(NUMBERS, SHIFTED, limit)) == len(NUMBERS)
    assert limit.steps < 0
    assert field_changes(["a", "b"], ["b"], limit) == (FieldChange("/0", "a", "b"), FieldChange("/1", "b", None))


def test_steps_and_states_share_one_limit() -> None:
    alone = ComparisonLimit()
    compare(with_lists(1, NUMBERS), with_lists(1, SHIFTED), alone)
    each = MOST_STEPS - alone.steps
    limit = ComparisonLimit(steps=5 * each)
    first = compare(with_lists(3, NUMBERS), with_lists(3, SHIFTED), limit)
    second = compare(with_lists(4, NUMBERS), with_lists(4, SHIFTED), limit)
    assert [len(change.fields) for change in first.changed_steps] == [2, 2, 2]
    assert [len(change.fields) for change in second.changed_steps] == [2, 2, 1000, 1000]


@pytest.mark.parametrize("levels", [1, 10, 190])
def test_lists_in_lists_are_made_ready_at_every_level_only_while_there_are_steps(levels: int) -> None:
    limit = ComparisonLimit(steps=FEW_STEPS)
    before, after = nested(levels, [7] * 5_000), nested(levels, [*[7] * 4_999, 8])
    [change] = field_changes(before, after, limit)
    assert change == FieldChange("/0" * levels + "/4999", 7, 8)
    assert limit.steps > -5_000  # At most one list more than there were steps for.


@pytest.mark.parametrize(
    "values",
    [
        ([0] * 1_000, [1] * 1_000),
        ({str(key): 0 for key in range(1_000)}, {str(key): 1 for key in range(1_000)}),
        ({"key" * 1_000: [0] * 1_000}, {"key" * 1_000: [1] * 1_000}),
        ({"key" * 1_000: dict.fromkeys("abcdefgh", 0)}, {"key" * 1_000: dict.fromkeys("abcdefgh", 1)}),
        ([nested(50, [[0]])] * 80, [nested(50, [[1]])] * 80),
        ([], [0] * 1_000),
    ],
)
def test_so_many_changes_that_their_paths_reach_the_limit_are_told_as_one(values: tuple[Json, Json]) -> None:
    before, after = values
    [change] = field_changes(before, after, ComparisonLimit(characters=10_000))
    assert (change.path, change.before is before, change.after is after) == ("", True, True)


def test_paths_are_made_only_of_what_is_told() -> None:
    before, after = ({"key" * 100_000: [{"a": 0}] * 1_000, "b": number} for number in (0, 1))
    tracemalloc.start()
    found = field_changes(before, after)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == (FieldChange("/b", 0, 1),)
    assert peak < 3_000_000


def test_of_two_states_the_changes_that_the_limit_allows_are_told_one_by_one_and_the_rest_step_by_step() -> None:
    before, after = (with_lists(30, [value] * 1000) for value in (0, 1))
    fields = [change.fields for change in compare(before, after).changed_steps]
    assert len(fields) == 30
    whole = [each for each in fields if len(each) == 1]
    assert fields == [*fields[: -len(whole)], *whole]
    assert {len(each) for each in fields[: -len(whole)]} == {1000}
    assert {each.path for (each,) in whole} == {""}
    assert sum(len(each.path) + ENTRY for some in fields for each in some) <= MOST_CHARACTERS


def test_what_didnt_change_is_no_entry_however_little_is_left() -> None:
    spent = ComparisonLimit(steps=-1, characters=-1)
    same = node("1", fields={"list": NUMBERS})
    before, after = snapshot(native(same, node("2"))), snapshot(native(same, node("2", name="New")))
    diff = compare(before, after, spent)
    assert [(change.id, len(change.fields)) for change in diff.changed_steps] == [("2", 1)]
    assert field_changes({"a": 1}, {"a": 1}, ComparisonLimit(steps=-1)) == ()
