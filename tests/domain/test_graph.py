"""A graph as content and bindings, and its canonical JSON ("Content and bindings" in app/storage/README.md)."""

import copy
import hashlib
import json

import pytest

from app.domain import graph
from app.domain.component import Link, Step
from app.domain.flow import Graph
from app.domain.graph import (
    Json,
    NoFields,
    StepBindings,
    bindings_from_json,
    bindings_to_json,
    canonical,
    content_hash,
    join,
    link_ids,
    links_of,
    numbered,
    split,
    steps_of,
)
from tests.domain.builders import AGENT, CREDENTIAL, DATA_SAMPLES, SECRET, TOPIC


def topic_field(command: str) -> str | None:
    return {"acme/pub-sub:pub": "topic", "lab/channel:sub": "channel"}.get(command)


FANOUT: Json = {
    "nodes": [
        {
            "id": "step_1",
            "command": "acme/pub-sub:pub",
            "name": "",
            "first": True,
            "fields": {"topic": "topic_news", "channel": "not this", "retries": 3},
            "selected_data_samples": ["sample_1"],
        },
        {
            "id": "step_2",
            "command": "acme/email:send@latest",
            "credentials_id": "cred_1",
            "secret_id": None,
            "vpn_agent_id": "agent_1",
            "fields": {"topic": "no topic, just a field", "credentials_id": "nor is this"},
        },
        {"id": "step_2", "command": "acme/email:send"},
        {"id": "", "command": "lab/channel:sub", "fields": {"channel": None, "topic": "no topic"}},
    ],
    "edges": [{"source": None, "target": "error_all", "config": {"credentials_id": "part of the mapper"}}],
    "credentials_id": "not of a step",
    "unknown": {"1": 1, "1.0": 1.0, "true": True},
}
CONTENT: Json = FANOUT | {
    "nodes": [
        {
            "id": "step_1",
            "command": "acme/pub-sub:pub",
            "name": "",
            "first": True,
            "fields": {"channel": "not this", "retries": 3},
        },
        {
            "id": "step_2",
            "command": "acme/email:send@latest",
            "fields": {"topic": "no topic, just a field", "credentials_id": "nor is this"},
        },
        {"id": "step_2", "command": "acme/email:send"},
        {"id": "", "command": "lab/channel:sub", "fields": {"topic": "no topic"}},
    ]
}
BINDINGS = (
    StepBindings(0, {DATA_SAMPLES: ["sample_1"], TOPIC: "topic_news"}, "topic"),
    StepBindings(1, {CREDENTIAL: "cred_1", SECRET: None, AGENT: "agent_1"}),
    StepBindings(3, {TOPIC: None}, "channel"),
)


def test_a_graph_is_parted_into_content_and_bindings_and_left_as_it_was() -> None:
    before = copy.deepcopy(FANOUT)
    assert split(FANOUT, topic_field) == (CONTENT, BINDINGS)
    assert before == FANOUT


def test_joining_content_and_bindings_gives_the_graph_and_leaves_both_as_they_were() -> None:
    before = copy.deepcopy(CONTENT), copy.deepcopy(BINDINGS)
    assert join(CONTENT, BINDINGS) == FANOUT
    assert before == (CONTENT, BINDINGS)


def test_a_reference_that_was_cleared_has_no_key() -> None:
    assert join(CONTENT, ()) == CONTENT
    bound_nodes = join(CONTENT, BINDINGS[1:])["nodes"]
    assert "selected_data_samples" not in bound_nodes[0]
    assert "topic" not in bound_nodes[0]["fields"]


@pytest.mark.parametrize("fields", [{}, {"fields": None}, {"fields": {}}])
def test_a_topic_finds_its_place_in_a_step_that_had_no_fields(fields: Json) -> None:
    content = {"nodes": [{"id": "1", "command": "acme/pub-sub:pub", **fields}], "edges": []}
    joined = join(content, (StepBindings(0, {TOPIC: "topic_1"}, "topic"),))
    assert joined["nodes"][0]["fields"] == {"topic": "topic_1"}


NO_IDS: list[Json] = [7, True, ["cred_1"], {"id": "cred_1"}, 1.5]


@pytest.mark.parametrize("value", NO_IDS)
def test_whatever_stands_in_the_place_of_a_topic_is_a_binding(value: Json) -> None:
    content = {"nodes": [{"id": "1", "command": "acme/pub-sub:pub", "fields": {}}]}
    graph = {"nodes": [{"id": "1", "command": "acme/pub-sub:pub", "fields": {"topic": value}}]}
    assert split(graph, topic_field) == (content, (StepBindings(0, {TOPIC: value}, "topic"),))
    assert list(Graph(bindings=split(graph, topic_field)[1]).references) == []


@pytest.mark.parametrize(
    ("fields", "no_fields"), [({}, NoFields.MISSING), ({"fields": None}, NoFields.NULL), ({"fields": {}}, None)]
)
def test_the_content_of_a_pub_sub_step_is_the_same_however_a_step_without_fields_is_written(
    fields: Json, no_fields: NoFields | None
) -> None:
    step = {"id": "1", "command": "acme/pub-sub:pub"}
    content, bindings = split({"nodes": [step | fields]}, topic_field)
    assert content == {"nodes": [step | {"fields": {}}]}
    assert bindings == (() if no_fields is None else (StepBindings(0, {}, "topic", no_fields),))
    assert join(content, bindings) == {"nodes": [step | fields]}
    bound = (StepBindings(0, {TOPIC: "topic_1"}, "topic"),)
    assert split(join(content, bound), topic_field) == (content, bound)


@pytest.mark.parametrize("fields", [{}, {"fields": None}])
def test_a_step_of_another_component_keeps_its_fields_as_they_are_written(fields: Json) -> None:
    graph = {"nodes": [{"id": "1", "command": "acme/email:send", **fields}]}
    assert split(graph, topic_field) == (graph, ())


@pytest.mark.parametrize("value", [None, [], ["sample_1"], {"any": "thing"}, "sample_1", 0])
def test_data_samples_are_bindings_whatever_they_are(value: Json) -> None:
    graph = {"nodes": [{"id": "1", "command": "a/b:c", "selected_data_samples": value}]}
    content = {"nodes": [{"id": "1", "command": "a/b:c"}]}
    assert split(graph, topic_field) == (content, (StepBindings(0, {DATA_SAMPLES: value}),))


def test_the_same_content_has_the_same_hash_whatever_it_is_bound_to() -> None:
    rebound = join(CONTENT, (StepBindings(2, {CREDENTIAL: "another"}),))
    hashes = {content_hash(canonical(split(graph, topic_field)[0])) for graph in (FANOUT, rebound, CONTENT)}
    assert hashes == {content_hash(canonical(CONTENT))}


def test_the_steps_keep_the_order_of_the_graph() -> None:
    assert steps_of(CONTENT) == (
        Step(0, "step_1", "acme/pub-sub:pub"),
        Step(1, "step_2", "acme/email:send@latest"),
        Step(2, "step_2", "acme/email:send"),
        Step(3, "", "lab/channel:sub"),
    )


STEPS, LINKS = graph.steps_of(CONTENT), (Link("step_1", "step_2"),)


@pytest.mark.parametrize(
    "other", [Graph(), Graph(STEPS, BINDINGS), Graph(STEPS, links=LINKS), (STEPS, BINDINGS, LINKS)]
)
def test_graphs_are_equal_where_all_of_their_parts_are(other: object) -> None:
    one = Graph(STEPS, BINDINGS, LINKS)
    assert one == Graph(STEPS, links=LINKS).bound(BINDINGS)
    assert one != other


def test_bindings_are_stored_as_json_and_read_back() -> None:
    assert bindings_to_json(BINDINGS) == [
        {"position": 0, "topicField": "topic", "DATA_SAMPLES": ["sample_1"], "TOPIC": "topic_news"},
        {"position": 1, "CREDENTIAL": "cred_1", "SECRET": None, "AGENT": "agent_1"},
        {"position": 3, "topicField": "channel", "TOPIC": None},
    ]
    assert bindings_from_json(json.loads(json.dumps(bindings_to_json(BINDINGS)))) == BINDINGS


@pytest.mark.parametrize("no_fields", NoFields)
def test_how_a_step_without_fields_is_written_is_stored_with_its_bindings(no_fields: NoFields) -> None:
    bindings = (StepBindings(1, {CREDENTIAL: "cred_1"}, "topic", no_fields),)
    stored = json.loads(json.dumps(bindings_to_json(bindings)))
    assert stored == [{"position": 1, "topicField": "topic", "noFields": no_fields.value, "CREDENTIAL": "cred_1"}]
    assert bindings_from_json(stored) == bindings


def test_the_ids_that_bindings_name_are_listed_without_nulls_and_samples() -> None:
    samples = StepBindings(2, {DATA_SAMPLES: "sample_1"})
    assert sorted(Graph(steps_of(CONTENT), (*BINDINGS, samples)).references) == ["agent_1", "cred_1", "topic_news"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [1, 1.0, True, None]}, '{"a":[1,1.0,true,null],"b":1}'),
        ({"é": "ü\u2028🚀", "z": '"\\\n\x7f'}, '{"z":"\\"\\\\\\n\x7f","é":"ü\u2028🚀"}'),
        ({"\U0001f680": 1, "\uffff": 2, "A": 3, "a": 4}, '{"A":3,"a":4,"\uffff":2,"\U0001f680":1}'),
        ([0.1, 1e16, -0.0, 1e-7, 2**63, -(2**63)], "[0.1,1e+16,-0.0,1e-07,9223372036854775808,-9223372036854775808]"),
        ({}, "{}"),
    ],
)
def test_canonical_json(value: Json, text: str) -> None:
    assert canonical(value) == text
    assert content_hash(text) == hashlib.sha256(text.encode("utf-8")).hexdigest()


@pytest.mark.parametrize(
    ("one", "other"), [(1, 1.0), (1, True), (0, False), (0.0, -0.0), (1, "1"), ([], {}), ("", None)]
)
def test_values_that_differ_in_json_differ_in_canonical_json(one: Json, other: Json) -> None:
    assert canonical({"a": one}) != canonical({"a": other})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_has_not_are_no_canonical_json(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": number})


@pytest.mark.parametrize(
    ("names", "told_apart"),
    [
        ([], []),
        (["a", "b"], ["a", "b"]),
        (["a", "b", "a", "a", "b"], ["a", "b", "a#2", "a#3", "b#2"]),
        (["a#2", "a", "a"], ["a#2", "a", "a#3"]),
        (["a", "a", "a#2", "a#2"], ["a", "a#2", "a#2#2", "a#2#3"]),
        (["", ""], ["", "#2"]),
    ],
)
def test_names_that_repeat_are_numbered_and_no_two_are_the_same(names: list[str], told_apart: list[str]) -> None:
    assert list(numbered(names)) == told_apart


def test_the_id_of_a_link_is_its_source_and_target() -> None:
    edges = [{"source": source, "target": target} for source, target in (("1", "2"), (None, "error_all"), ("1", "2"))]
    assert list(link_ids([*edges, {"target": "3"}])) == ["1:2", ":error_all", "1:2#2", ":3"]


@pytest.mark.parametrize(
    ("config", "conditional"),
    [
        ({"condition": "$number(test) > 10"}, True),
        ({"condition": " "}, True),
        ({"condition": False}, True),
        ({"condition": ""}, False),
        ({"condition": None}, False),
        ({"mapper": {"condition": "x"}}, False),
        ({}, False),
        (None, False),
        ([], False),
        ("condition", False),
    ],
)
def test_an_edge_has_a_condition_unless_that_is_empty(config: Json, conditional: bool) -> None:
    edges = [{"source": "1", "target": "2", "config": config}, {"source": None, "target": "error_all"}]
    assert links_of({"nodes": [], "edges": edges}) == (Link("1", "2", conditional), Link(None, "error_all"))
