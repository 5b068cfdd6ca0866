"""Which JSON is accepted as a graph: unfinished ones are, what couldn't be stored or handed out again is not."""

import pytest

from app.domain.content import MOST_MISTAKES, graph_mistakes
from app.domain.graph import Json


def graph(*nodes: Json, edges: Json = (), **more: Json) -> Json:
    return {"nodes": [*nodes], "edges": [*edges], **more}


HERE = "here"
STEP = {"id": "1", "command": "acme/mailer:send"}


def paths(of: Json) -> list[str]:
    return ["/".join(mistake.path) for mistake in graph_mistakes(of)]


def nested(levels: int) -> Json:
    value: Json = []
    for level in range(levels - 1):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize(
    "accepted",
    [
        graph(),
        graph(STEP, STEP),
        graph({"id": "", "command": ""}),
        graph(STEP | {"fields": None, "name": None, "credentials_id": None, "secret_id": "", "vpn_agent_id": "a"}),
        graph(STEP | {"selected_data_samples": {"any": ["thing"]}, "unknown": [1, 1.5, True, None, ""]}),
        graph(edges=[{"source": None, "target": "error_all"}, {"target": "nowhere"}, {"source": "1", "target": "1"}]),
        graph(numbers=[2**64 - 1, -(2**63), 1e308, -0.0], text="\x01\ufeff🚀"),
        graph(unknown={"": {"nodes": 3}}),
    ],
)
def test_graphs_however_unfinished(accepted: Json) -> None:
    assert graph_mistakes(accepted) == ()


@pytest.mark.parametrize("refused", [None, [], "graph", 3, True])
def test_what_is_no_object_is_no_graph(refused: Json) -> None:
    assert paths(refused) == ["graph"]


@pytest.mark.parametrize(
    ("refused", "where"),
    [
        ({}, ["graph/nodes", "graph/edges"]),
        ({"nodes": {}, "edges": None}, ["graph/nodes", "graph/edges"]),
        (graph(3, None, [STEP]), ["graph/nodes/0", "graph/nodes/1", "graph/nodes/2"]),
        (graph(STEP, {}), ["graph/nodes/1/id", "graph/nodes/1/command"]),
        (graph({"id": 1, "command": None}), ["graph/nodes/0/id", "graph/nodes/0/command"]),
        (graph(STEP | {"fields": []}), ["graph/nodes/0/fields"]),
        (graph(STEP | {"fields": "a"}), ["graph/nodes/0/fields"]),
        (
            graph(STEP | {"credentials_id": 1, "secret_id": [], "vpn_agent_id": {}}),
            ["graph/nodes/0/credentials_id", "graph/nodes/0/secret_id", "graph/nodes/0/vpn_agent_id"],
        ),
        (graph(edges=[3, {}]), ["graph/edges/0", "graph/edges/1/target"]),
        (graph(edges=[{"source": 1, "target": None}]), ["graph/edges/0/source", "graph/edges/0/target"]),
        # what the database or the way out can't take
        (graph(STEP | {"name": "a\0"}), ["graph/nodes/0/name"]),
        (graph(STEP | {"fields": {"a": [0, {"b": "\0"}]}}), ["graph/nodes/0/fields/a/1/b"]),
        (graph(unknown={"a\0": 1}), ["graph/unknown"]),
        (graph(unknown=[2**64, -(2**63) - 1]), ["graph/unknown/0", "graph/unknown/1"]),
        (graph(unknown=[float("nan"), float("inf")]), ["graph/unknown/0", "graph/unknown/1"]),
        (graph(unknown=[True, False, None, 1.5, "\0"]), ["graph/unknown/4"]),
        (graph(a="\0", b=graph({"id": "\0"})), ["graph/a", "graph/b/nodes/0/id"]),
    ],
)
def test_every_mistake_has_its_path(refused: Json, where: list[str]) -> None:
    assert paths(refused) == where


@pytest.mark.parametrize(
    ("levels_around", "around"), [(1, {"a": HERE}), (4, {"nodes": [STEP | {"fields": {"a": HERE}}]})]
)
def test_a_graph_is_nested_at_most_200_levels_deep(levels_around: int, around: Json) -> None:
    deepest = graph() | replaced(around, nested(200 - levels_around))
    too_deep = graph() | replaced(around, nested(201 - levels_around))
    assert (paths(deepest), len(paths(too_deep))) == ([], 1)


def replaced(value: Json, by: Json) -> Json:
    """The value with this in the place of HERE."""
    if isinstance(value, dict):
        return {key: replaced(inner, by) for key, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, by) for inner in value]
    return by if value == HERE else value


def test_a_graph_deeper_than_any_stack_is_one_mistake_near_its_top() -> None:
    (mistake,) = graph_mistakes(graph(a=nested(3001)))
    assert mistake.path == ("graph", "a", "0", "a")


def test_of_very_many_mistakes_the_first_50_are_named() -> None:
    found = graph_mistakes(graph(*[3] * 1000))
    assert [mistake.path for mistake in found] == [("graph", "nodes", str(index)) for index in range(MOST_MISTAKES)]


def test_half_a_surrogate_pair_is_no_character_in_texts_and_keys() -> None:
    assert paths(graph(STEP | {"name": "\ud83d"})) == ["graph/nodes/0/name"]
    assert paths(graph(**{"\ude80": 1})) == ["graph"]
