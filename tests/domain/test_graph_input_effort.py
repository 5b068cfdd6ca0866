"""Checking a graph that was sent takes little memory, whatever its form; what is told of it is short."""

import json

import pytest

from app.domain.content import DEEPEST_GRAPH, LONGEST_KEY, MOST_MISTAKES, graph_mistakes
from app.domain.graph import Json
from tests.domain.builders import native, node
from tests.domain.counting import peak


def graph(value: Json) -> Json:
    return native(node("1", fields={"value": value}))


def nested(levels: int, value: Json) -> Json:
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        nested(190, [1] * 300),
        [[] for _ in range(300)],
        [{"": 0} for _ in range(300)],
        ["\0"] * 300,
        [{"\0": 0} for _ in range(300)],
        {"key" * 1_000: ["\0"] * 100},
        [10**18] * 300,
        [2**70] * 300,
    ],
)
def test_a_check_takes_no_more_memory_than_the_graph_itself(value: Json) -> None:
    sent = graph(value)
    assert peak(lambda: graph_mistakes(sent)) < 30 * len(json.dumps(sent)) + 20_000


@pytest.mark.parametrize("value", [nested(190, [*[1] * 300, "\0"]), nested(300, [1] * 300)])
def test_besides_a_check_takes_some_memory_for_each_level_to_a_mistake(value: Json) -> None:
    sent = graph(value)
    assert peak(lambda: graph_mistakes(sent)) < 30 * len(json.dumps(sent)) + 1_500 * DEEPEST_GRAPH


@pytest.mark.parametrize("part", ["nodes", "edges"])
def test_of_many_parts_in_no_form_only_the_first_are_looked_at(part: str) -> None:
    sent = {"nodes": [], "edges": [], part: [1] * 300}
    assert peak(lambda: graph_mistakes(sent)) < 30 * len(json.dumps(sent))
    assert [mistake.path for mistake in graph_mistakes(sent)] == [
        ("graph", part, str(index)) for index in range(MOST_MISTAKES)
    ]


def test_long_keys_are_cut_in_the_path_of_a_mistake() -> None:
    key = "k" * LONGEST_KEY
    for sent, told in ((key, key), (key + "l", key + "…"), (key * 5000, key + "…")):
        [inside] = graph_mistakes(graph({sent: {"to": "\0"}}))
        assert inside.path == ("graph", "nodes", "0", "fields", "value", told, "to")
        [itself] = graph_mistakes(graph({sent: 2**64}))
        assert itself.path == ("graph", "nodes", "0", "fields", "value", told)
    [deep] = graph_mistakes({"nodes": [], "edges": [], key + "l": nested(DEEPEST_GRAPH, 1)})
    assert deep.path == ("graph", key + "…", "0", "0")


@pytest.mark.parametrize(
    "value", ["\\u0000", "9" * 30, 10**18, -(2**63), 2**64 - 1, 0.1234567890123456789, {"9" * 19: 1}]
)
def test_what_only_looks_like_a_mistake_is_none(value: Json) -> None:
    assert graph_mistakes(graph(value)) == ()
