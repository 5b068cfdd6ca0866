"""What holds of every graph: split and join are inverse, and canonical JSON is one text for one value."""

import copy
import json

import pytest
from hypothesis import given, strategies

from app.domain.choices import bound_to
from app.domain.graph import (
    KEYS,
    Bindings,
    Json,
    StepBindings,
    bindings_from_json,
    bindings_to_json,
    canonical,
    join,
    split,
)
from app.domain.model import ReferenceKind
from tests.domain.builders import component
from tests.domain.random_graphs import (
    KEYS_OF_REFERENCES,
    TOPIC_FIELDS,
    exactly,
    graphs,
    nested,
    reordered,
    topic_field,
    values,
)
from tests.property_settings import bounded


def exact_bindings(bindings: Bindings) -> object:
    return [
        (
            step.position,
            step.topic_field,
            step.no_fields,
            exactly({kind.value: value for kind, value in step.values.items()}),
        )
        for step in bindings
    ]


def is_inverse(graph: Json) -> None:
    before = copy.deepcopy(graph)
    content, bindings = split(graph, topic_field)
    joined = join(content, bindings)
    assert exactly(joined) == exactly(before)
    assert exactly(graph) == exactly(before)
    again, bound_again = split(joined, topic_field)
    assert exactly(again) == exactly(content)
    assert exact_bindings(bound_again) == exact_bindings(bindings)


@bounded
@given(graphs)
def test_split_and_join_are_inverse_for_every_graph(graph: Json) -> None:
    is_inverse(graph)


@pytest.mark.parametrize("levels", [1, 150])
def test_split_and_join_are_inverse_however_deep_the_graph(levels: int) -> None:
    step = {"id": "1", "command": "acme/pub-sub:pub", "fields": {"topic": "t", "deep": nested(levels)}}
    is_inverse({"nodes": [step], "edges": [nested(levels)]})


@bounded
@given(graphs)
def test_no_reference_stays_in_the_content_and_none_is_lost(graph: Json) -> None:
    content, bindings = split(graph, topic_field)
    found, left = references_of(graph), references_of(content)
    assert left == []
    kinds = [kind for kind in ReferenceKind if kind is not ReferenceKind.DATA_SAMPLES]
    named = [bound.reference(kind) for bound in bindings for kind in kinds]
    assert [reference for reference in named if reference is not None] == found


def references_of(graph: Json) -> list[str]:
    """The ids that a native graph names, step by step: credential, secret, agent, topic."""
    ids = []
    for node in graph["nodes"]:
        key, fields = TOPIC_FIELDS.get(node["command"]), node.get("fields")
        topic = fields.get(key) if isinstance(fields, dict) else None
        ids += [*(node.get(key) for key in KEYS_OF_REFERENCES), topic]
    return [reference for reference in ids if isinstance(reference, str)]


@bounded
@given(graphs)
def test_content_is_the_same_whatever_it_is_bound_to(graph: Json) -> None:
    content, _ = split(graph, topic_field)
    kinds = [kind for kind in KEYS if kind is not ReferenceKind.DATA_SAMPLES]
    rebound = tuple(
        StepBindings(position, {kind: f"other_{kind}" for kind in kinds if KEYS[kind] not in node})
        for position, node in enumerate(content["nodes"])
    )
    assert exactly(split(join(content, rebound), topic_field)[0]) == exactly(content)


@bounded
@given(graphs, strategies.lists(strategies.sampled_from([None, "topic_1"]), min_size=4, max_size=4))
def test_join_and_split_are_inverse_whichever_topics_are_chosen_or_cleared(
    graph: Json, chosen: list[str | None]
) -> None:
    content, bindings = split(graph, topic_field)
    bound = {step.position: step for step in bindings}
    for topic, (position, node) in zip(chosen, enumerate(content["nodes"]), strict=False):
        before = bound.get(position, StepBindings(position))
        values = dict(before.values)
        values.pop(ReferenceKind.TOPIC, None)
        if node["command"] in TOPIC_FIELDS and isinstance(node.get("fields", {}), dict | None):
            if topic is not None:
                values[ReferenceKind.TOPIC] = topic
            meant = component(node["command"], pub_sub=True, topic_field=TOPIC_FIELDS[node["command"]])
            bound[position] = bound_to(before, values, meant)
    rebound = tuple(bound[position] for position in sorted(bound) if not bound[position].is_empty)
    again, bound_again = split(join(content, rebound), topic_field)
    assert exactly(again) == exactly(content)
    assert exact_bindings(bound_again) == exact_bindings(rebound)


@bounded
@given(graphs)
def test_bindings_survive_their_storing(graph: Json) -> None:
    _, bindings = split(graph, topic_field)
    stored = json.loads(json.dumps(bindings_to_json(bindings)))
    assert exact_bindings(bindings_from_json(stored)) == exact_bindings(bindings)


@bounded
@given(values)
def test_canonical_json_reads_back_as_the_same_value_whatever_the_order_of_keys(value: Json) -> None:
    text = canonical(value)
    assert canonical(reordered(value)) == text
    assert exactly(json.loads(text)) == exactly(value)


@bounded
@given(values, values)
def test_canonical_json_is_the_same_exactly_where_the_values_are(one: Json, other: Json) -> None:
    for changed in (other, floated(one), reordered(one)):
        assert (canonical(one) == canonical(changed)) is (exactly(one) == exactly(changed))


def floated(value: Json) -> Json:
    """The value with a float for every integer and an integer for every bool."""
    if isinstance(value, dict):
        return {key: floated(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [floated(inner) for inner in value]
    if isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, int) else value
