"""T4: a topic is replaced, and with the new one properties would be missing."""

import json
from dataclasses import replace
from unittest.mock import Mock

import pytest

from app.domain.graph import Json
from app.domain.model import Target
from app.domain.topics import MultipleTopicsNotCopied, TopicSchemaMismatch, missing_with_each, schema_mismatches
from tests.domain.builders import (
    DEVELOPMENT,
    ITEMS,
    PRODUCTION,
    TOPIC,
    BoundStep,
    flow,
    flow_there,
    outline,
    publishes,
    state,
    step,
    subscribes,
    topic,
)
from tests.domain.planning import export, planned

PUB, SUB, BOTH = (publishes("1"),), (subscribes("1"),), (publishes("1"), subscribes("2"))


def schema(*declared: str, required: Json = None) -> Json:
    properties = {name: {"type": "string", "required": ["inner"]} for name in declared}
    return {"type": "object", "properties": properties} | ({} if required is None else {"required": required})


@pytest.mark.parametrize(
    ("steps", "old", "new", "missing"),
    [
        # a publishing step: what the new one requires and the old one doesn't declare
        (PUB, schema("a"), schema("a", "b", required=["b"]), ("b",)),
        (PUB, schema("a", "b"), schema("a", "b", required=["b"]), ()),
        (PUB, schema("a", required=["a", "z"]), schema("b"), ()),
        (PUB, schema(), schema("d", "c", "b", required=["d", "b", "c"]), ("b", "c", "d")),
        (PUB, schema("a"), schema(required=["undeclared"]), ("undeclared",)),
        # a subscribing step: what the old one requires and the new one doesn't declare
        (SUB, schema("a", "b", required=["b"]), schema("a"), ("b",)),
        (SUB, schema("a", "b", required=["b"]), schema("b"), ()),
        (SUB, schema("a", "b"), schema(), ()),
        (SUB, schema("a"), schema("b", required=["b"]), ()),
        (SUB, schema(required=["z", "y"]), schema("x"), ("y", "z")),
        (SUB, schema("b", required=["b"]), schema(required=["b"]), ("b",)),
        # both: together, sorted, each once
        (BOTH, schema("a", "c", required=["c"]), schema("b", required=["b"]), ("b", "c")),
        (BOTH, schema(required=["x"]), schema(required=["x"]), ("x",)),
        # neither: the mark makes the step a pub/sub step, the function what it misses
        ((step("1", "acme/pub-sub:peek"),), schema("a", required=["a"]), schema("b", required=["b"]), ()),
        # top level only
        (PUB, schema("a"), {"properties": {"a": {"required": ["deep"]}}}, ()),
    ],
)
def test_which_properties_a_step_misses(
    steps: tuple[BoundStep, ...], old: Json, new: Json, missing: tuple[str, ...]
) -> None:
    before, after = topic("Old", DEVELOPMENT, schema=old), topic("New", PRODUCTION, schema=new)
    assert missing_with_each(outline(*steps), before, candidates_of(after)) == [missing]


def candidates_of(*topics: Target) -> list[tuple[str, str | None]]:
    """As a page of candidates has them."""
    return [(topic.id, topic.schema) for topic in topics]


@pytest.mark.parametrize("steps", [PUB, SUB, BOTH])
def test_a_topic_that_stays_misses_nothing(steps: tuple[BoundStep, ...]) -> None:
    """T4: though it requires what it doesn't declare, which would be missing with every other topic."""
    odd = schema("a", required=["b"])
    stays, other = topic("Stays", DEVELOPMENT, schema=odd), topic("Other", DEVELOPMENT, schema=odd)
    assert missing_with_each(outline(*steps), stays, candidates_of(other, stays)) == [("b",), ()]
    source = flow(state(*(replace(each, bound={TOPIC: stays.id}) for each in steps)))
    assert planned(export(source, to=DEVELOPMENT, topic=stays.id, knowing=[stays, other])).warnings == ()


NEEDY = schema("b", required=["b"])
UNREADABLE = [None, True, 3, "text", [], ["b"]]


@pytest.mark.parametrize("unreadable", UNREADABLE)
def test_a_topic_without_a_readable_schema_misses_nothing(unreadable: Json) -> None:
    bare, needy = topic("Bare", DEVELOPMENT, schema=unreadable), topic("Needy", PRODUCTION, schema=NEEDY)
    assert missing_with_each(outline(*BOTH), bare, candidates_of(needy)) == [()]
    assert missing_with_each(outline(*BOTH), needy, candidates_of(bare)) == [()]


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", "[" * 5_000], ids=["empty", "cut", "Python's", "deep"])
def test_a_schema_that_is_no_json_is_not_readable(text: str) -> None:
    broken, needy = Target("t", TOPIC, DEVELOPMENT.id, schema=text), topic("Needy", PRODUCTION, schema=NEEDY)
    assert missing_with_each(outline(*BOTH), broken, candidates_of(needy)) == [()]


@pytest.mark.parametrize(
    ("odd", "missing"),
    [
        ({}, ("b",)),
        ({"properties": ["b"], "required": {"c": True}}, ("b",)),
        ({"properties": None, "required": "c"}, ("b",)),
        ({"properties": {"b": True}, "required": [1, None, ["c"]]}, ()),
    ],
)
def test_of_an_odd_schema_what_is_readable_counts(odd: Json, missing: tuple[str, ...]) -> None:
    old, needy = topic("Odd", DEVELOPMENT, schema=odd), topic("Needy", PRODUCTION, schema=NEEDY)
    assert missing_with_each(outline(*BOTH), old, candidates_of(needy)) == [missing]


OLD, OTHER_OLD = topic("Old", DEVELOPMENT, schema=NEEDY), topic("Other old", DEVELOPMENT, schema=NEEDY)
NEW, OTHER_NEW = topic("New", PRODUCTION, schema=schema()), topic("Other new", PRODUCTION, schema=schema())
ALL = (OLD, OTHER_OLD, NEW, OTHER_NEW, ITEMS)


def test_the_export_goes_through_with_one_warning_for_a_pair_of_topics() -> None:
    source = flow(state(subscribes("1", OLD), subscribes("2", OLD), publishes("3", OLD), publishes("4")))
    plan = planned(export(source, topic=NEW.id, knowing=ALL))
    assert plan.warnings == (TopicSchemaMismatch(OLD, NEW, ("b",)),)


def test_topics_that_come_from_the_overridden_flow_are_compared_too() -> None:
    source = flow(state(subscribes("1", OLD), subscribes("2", OLD), subscribes("3", OTHER_OLD)))
    there = flow_there(state(subscribes("1", NEW), subscribes("2", OTHER_NEW), subscribes("3", NEW)))
    assert planned(export(source, over=there, knowing=ALL)).warnings == (
        TopicSchemaMismatch(OLD, NEW, ("b",)),
        TopicSchemaMismatch(OLD, OTHER_NEW, ("b",)),
        TopicSchemaMismatch(OTHER_OLD, NEW, ("b",)),
    )


def test_what_was_cleared_is_named_beside_what_is_missing() -> None:
    source = flow(state(subscribes("1", OLD), subscribes("2", ITEMS)))
    assert planned(export(source, over=flow_there(state(subscribes("1", NEW))), knowing=ALL)).warnings == (
        MultipleTopicsNotCopied((ITEMS,), refused=False),
        TopicSchemaMismatch(OLD, NEW, ("b",)),
    )


def test_a_topic_that_stays_or_comes_where_none_was_is_not_compared() -> None:
    stays = export(flow(state(subscribes("1", OLD))), to=DEVELOPMENT, topic=OLD.id, knowing=ALL)
    comes = export(flow(state(subscribes("1"))), topic=NEW.id, knowing=ALL)
    assert (planned(stays).warnings, planned(comes).warnings) == ((), ())


def test_the_schemas_of_topics_are_read_once_however_many_pairs_they_are_in(monkeypatch: pytest.MonkeyPatch) -> None:
    several = [topic(f"Old {number}", DEVELOPMENT, schema=schema("a")) for number in range(20)]
    needy = topic("Needy", PRODUCTION, schema=schema("b", required=["b"]))
    reader = Mock(wraps=json.loads)
    monkeypatch.setattr("app.domain.topics.json.loads", reader)
    found = list(schema_mismatches({(old, needy): outline(*PUB) for old in several}))
    assert [(each.from_topic, each.to_topic, each.missing_properties) for each in found] == [
        (old, needy, ("b",)) for old in several
    ]
    assert reader.call_count == 21
