"""What changed in a JSON value and in a graph, in entries that are useful to read; bindings are `test_diff_bindings.py`."""

import json
from typing import NoReturn

import pytest

from app.domain.component import Step
from app.domain.diff import Changed, GraphDiff
from app.domain.graph import Json
from tests.domain.builders import native, node
from tests.domain.differences import Snapshot, changes, compare, field_changes, snapshot

LONG = "a line of a long text\n" * 2000


@pytest.mark.parametrize(
    "value", [None, True, 0, 1.0, "", "a", [], {}, [1, [2, {"a": None}]], {"a": {"b": [1.0, True]}, "": {}}]
)
def test_a_value_is_no_change_of_itself(value: Json) -> None:
    assert field_changes(value, value) == ()
    assert field_changes({"b": value, "a": 1}, {"a": 1, "b": value}) == ()  # the order of keys is none


@pytest.mark.parametrize("number", [1.5, 0.0, -0.0, 1e300, 2.0**53])
def test_a_number_that_stays_is_no_change_beside_one(number: float) -> None:
    """Each value is read by itself, so that what is the same is never one object of Python."""
    before, after = [json.loads(json.dumps({"n": number, "l": [number, 1], "x": x})) for x in (1, 2)]
    assert field_changes(before, after) == changes(("/x", 1, 2))
    assert field_changes([before], [after]) == changes(("/0/x", 1, 2))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (1, 2),
        ("a", "b"),
        (1, 1.0),
        (True, 1),
        (1.0, True),
        (False, 0),
        (0.0, -0.0),
        (0, ""),
        (None, False),
        (None, 0),
        ("1", 1),
        ([], {}),
        ({}, None),
        ([1], {"0": 1}),
        ({"a": 1}, "a"),
        (2**53, 2.0**53),
    ],
)
def test_what_is_not_the_same_json_is_a_change(before: Json, after: Json) -> None:
    assert field_changes(before, after) == changes(("", before, after))
    assert field_changes({"x": after}, {"x": before}) == changes(("/x", after, before))
    assert field_changes([[before]], [[after]]) == changes(("/0/0", before, after))


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, [("/b", None, 2)]),
        ({"a": 1, "b": 2}, {"a": 1}, [("/b", 2, None)]),
        ({"a": 1}, {"b": 1}, [("/a", 1, None), ("/b", None, 1)]),
        ({"a": None}, {}, [("/a", None, None)]),  # null is not nothing
        ({}, {"a": None}, [("/a", None, None)]),
        ({"a": None}, {"a": 0}, [("/a", None, 0)]),
        ({"a": {"b": {"c": 1, "d": 1}}}, {"a": {"b": {"c": 2, "d": 1}}}, [("/a/b/c", 1, 2)]),
        ({"a": {"b": 1}}, {"a": {}}, [("/a/b", 1, None)]),
        ({"a": {"b": 1, "c": 2}}, {}, [("/a", {"b": 1, "c": 2}, None)]),
        ({"z": 1, "a": 1}, {"a": 2, "z": 2, "m": 0}, [("/z", 1, 2), ("/a", 1, 2), ("/m", None, 0)]),
        # JSON Pointers
        ({"a/b": 1, "m~n": 2, "~1": 3}, {}, [("/a~1b", 1, None), ("/m~0n", 2, None), ("/~01", 3, None)]),
        ({"": {"": 1}}, {"": {"": 2}}, [("//", 1, 2)]),
        ({'é "%#': 1}, {'é "%#': 2}, [('/é "%#', 1, 2)]),
    ],
)
def test_what_changed_in_an_object(before: Json, after: Json, found: list[tuple[str, Json, Json]]) -> None:
    assert field_changes(before, after) == changes(*found)


def test_a_long_text_that_changed_in_one_place_is_one_entry() -> None:
    changed = LONG.replace("long", "short", 1)
    assert field_changes({"code": LONG, "to": "a"}, {"code": changed, "to": "a"}) == changes(("/code", LONG, changed))


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("abc", "xabc", [("/0", None, "x")]),
        ("abc", "axbc", [("/1", None, "x")]),
        ("abc", "abcx", [("/3", None, "x")]),
        ("", "x", [("/0", None, "x")]),
        ("abc", "bc", [("/0", "a", None)]),
        ("abc", "ac", [("/1", "b", None)]),
        ("abc", "ab", [("/2", "c", None)]),
        ("abc", "axc", [("/1", "b", "x")]),
        ("abcde", "xbcdy", [("/0", "a", "x"), ("/4", "e", "y")]),
        ("abc", "", [("/0", "a", None), ("/1", "b", None), ("/2", "c", None)]),
        # among many that are alike
        ("aaa", "abaa", [("/1", None, "b")]),
        ("aab", "abab", [("/1", None, "b")]),
        ("aa", "aaa", [("/2", None, "a")]),
        ("aaa", "aa", [("/2", "a", None)]),
    ],
)
def test_what_changed_in_a_list(before: str, after: str, found: list[tuple[str, Json, Json]]) -> None:
    assert field_changes([*before], [*after]) == changes(*found)
    nested = [({"/list" + path: (was, now)}) for path, was, now in found]
    told = field_changes({"list": [*before]}, {"list": [*after]})
    assert [{entry.path: (entry.before, entry.after)} for entry in told] == nested


@pytest.mark.parametrize("length", [*range(6)])
def test_a_list_that_grew_or_shrank_by_one_element_anywhere_is_one_entry(length: int) -> None:
    for number in range(2**length):
        shorter = [*f"{number:b}".zfill(length)][:length]
        for place in range(length + 1):
            for element in ("0", "1", "new"):
                longer = [*shorter[:place], element, *shorter[place:]]
                (grew,), (shrank,) = field_changes(shorter, longer), field_changes(longer, shorter)
                assert (grew.before, grew.after) == (shrank.after, shrank.before) == (None, element)
                assert longer[int(grew.path[1:])] == longer[int(shrank.path[1:])] == element


def test_an_element_is_the_same_whether_or_not_its_parts_are_one_object() -> None:
    part = ["x"]
    before, after = [{"a": part, "b": part}], [9, {"a": ["x"], "b": ["x"]}]
    assert field_changes(before, after) == changes(("/0", None, 9))


def test_an_element_that_changed_inside_is_told_from_within() -> None:
    before, after = ({"id": name, "to": [{"mail": mail}]} for name, mail in (("a", "x"), ("a", "y")))
    assert field_changes([1, before, 2], [1, after, 2]) == changes(("/1/to/0/mail", "x", "y"))
    assert field_changes([before], ["new", before]) == changes(("/0", None, "new"))
    assert field_changes([1.0, True, None], [1, 1, 0]) == changes(("/0", 1.0, 1), ("/1", True, 1), ("/2", None, 0))


@pytest.mark.parametrize("length", [1000, 5000])
def test_long_lists_are_compared_too(length: int) -> None:
    numbers = [*range(length)]
    middle = length // 2
    grown, changed = [*numbers[:middle], "new", *numbers[middle:]], [*numbers[:middle], "new", *numbers[middle + 1 :]]
    assert field_changes(numbers, grown) == changes((f"/{middle}", None, "new"))
    assert field_changes(grown, numbers) == changes((f"/{middle}", "new", None))
    assert field_changes(numbers, changed) == changes((f"/{middle}", middle, "new"))
    shifted = changes(("/0", 0, None), (f"/{length - 1}", None, "new"))
    assert field_changes(numbers, [*numbers[1:], "new"]) == shifted


# Graphs -------------------------------------------------------------------------------------------------------------


def edge(source: str | None, target: str, **config: Json) -> Json:
    return {"source": source, "target": target, **({"config": config} if config else {})}


STEPS = (node("1", fields={"to": "a"}), node("2"), node("3"))
EDGES = (edge("1", "2"), edge("2", "3", condition="x"), edge(None, "error_all"))
GRAPH = native(*STEPS, edges=EDGES)
FIRST, SECOND, THIRD = STEPS


@pytest.mark.parametrize(
    ("after", "diff"),
    [
        (native(*STEPS, node("4"), edges=EDGES), GraphDiff(identical=False, added_steps=("4",))),
        (native(node("0"), *STEPS, node("4"), edges=EDGES), GraphDiff(identical=False, added_steps=("0", "4"))),
        (native(SECOND, edges=EDGES), GraphDiff(identical=False, removed_steps=("1", "3"))),
        (
            native(FIRST, node("9"), THIRD, edges=EDGES),
            GraphDiff(identical=False, added_steps=("9",), removed_steps=("2",)),
        ),
        (
            native(node("1", fields={"to": "b"}), SECOND, node("3", name="Third"), edges=EDGES),
            GraphDiff(
                identical=False,
                changed_steps=(
                    Changed("1", changes(("/fields/to", "a", "b"))),
                    Changed("3", changes(("/name", None, "Third"))),
                ),
            ),
        ),
        (
            native(FIRST, node("2", "acme/timer:x"), THIRD, edges=EDGES),
            GraphDiff(
                identical=False,
                changed_steps=(Changed("2", changes(("/command", "acme/mailer:send", "acme/timer:x"))),),
            ),
        ),
        # links by their source and target
        (
            native(*STEPS, edges=EDGES[1:]),
            GraphDiff(identical=False, removed_links=("1:2",)),
        ),
        (
            native(*STEPS, edges=[*EDGES, edge("1", "3"), edge("1", "2")]),
            GraphDiff(identical=False, added_links=("1:3", "1:2#2")),
        ),
        (
            native(*STEPS, edges=[edge("1", "3"), *EDGES[1:]]),
            GraphDiff(identical=False, added_links=("1:3",), removed_links=("1:2",)),
        ),
        (
            native(*STEPS, edges=[EDGES[0], edge("2", "3", condition="y", mapper={"a": 1}), EDGES[2]]),
            GraphDiff(
                identical=False,
                changed_links=(
                    Changed("2:3", changes(("/config/condition", "x", "y"), ("/config/mapper", None, {"a": 1}))),
                ),
            ),
        ),
        (
            native(*STEPS, edges=[*EDGES[:2], edge(None, "error_all", condition="z")]),
            GraphDiff(
                identical=False, changed_links=(Changed(":error_all", changes(("/config", None, {"condition": "z"}))),)
            ),
        ),
        # steps and links that only moved, and what else stands in the graph
        (
            native(THIRD, FIRST, SECOND, edges=EDGES),
            GraphDiff(identical=False, fields=changes(("/nodes", ["1", "2", "3"], ["3", "1", "2"]))),
        ),
        (
            native(*STEPS, edges=[*reversed(EDGES)]),
            GraphDiff(
                identical=False,
                fields=changes(("/edges", ["1:2", "2:3", ":error_all"], [":error_all", "2:3", "1:2"])),
            ),
        ),
        (
            native(*STEPS, edges=EDGES, unknown=1, default_mapper_type="jsonata"),
            GraphDiff(
                identical=False, fields=changes(("/default_mapper_type", None, "jsonata"), ("/unknown", None, 1))
            ),
        ),
        (native(), GraphDiff(False, (), ("1", "2", "3"), (), (), ("1:2", "2:3", ":error_all"))),
    ],
)
def test_what_changed_in_a_graph(after: Json, diff: GraphDiff) -> None:
    assert compare(snapshot(GRAPH), snapshot(after)) == diff


def test_of_moved_steps_and_links_is_told_what_changed_in_them_too() -> None:
    after = native(THIRD, node("1", fields={"to": "b"}), SECOND, edges=[EDGES[2], EDGES[0], edge("2", "3")])
    assert compare(snapshot(GRAPH), snapshot(after)) == GraphDiff(
        identical=False,
        changed_steps=(Changed("1", changes(("/fields/to", "a", "b"))),),
        changed_links=(Changed("2:3", changes(("/config", {"condition": "x"}, None))),),
        fields=changes(
            ("/nodes", ["1", "2", "3"], ["3", "1", "2"]),
            ("/edges", ["1:2", "2:3", ":error_all"], [":error_all", "1:2", "2:3"]),
        ),
    )


def test_steps_that_others_came_between_have_not_moved() -> None:
    after = native(node("0"), FIRST, node("new"), THIRD, edges=EDGES)
    assert compare(snapshot(GRAPH), snapshot(after)) == GraphDiff(
        identical=False, added_steps=("0", "new"), removed_steps=("2",)
    )


def test_steps_that_share_an_id_are_told_apart_by_number() -> None:
    before = native(node("1", name="a"), node("1", name="b"), node("1#2", name="c"))
    after = native(node("1", name="a"), node("1", name="B"), node("1#2", name="C"), node("1"))
    assert compare(snapshot(before), snapshot(after)) == GraphDiff(
        identical=False,
        added_steps=("1#3",),
        changed_steps=(Changed("1#2", changes(("/name", "b", "B"))), Changed("1#2#2", changes(("/name", "c", "C")))),
    )


def test_equal_content_is_not_looked_into() -> None:
    class Untouchable(dict[str, Json]):
        def __getitem__(self, key: str) -> NoReturn:
            raise AssertionError(key)

    older, newer = (Snapshot("same hash", (Step(0, "1", "a/b:c"),), (), content) for content in (None, Untouchable()))
    assert compare(older, newer) == GraphDiff(identical=True, same_content=True)
