"""What changed in what steps are bound to, whether or not their content did."""

import pytest

from app.domain.diff import BindingChange, Changed, FieldChange, GraphDiff
from app.domain.graph import Json
from app.domain.model import ReferenceKind
from tests.domain.builders import (
    AGENT,
    CREDENTIAL,
    DATA_SAMPLES,
    SECRET,
    TOPIC,
    BoundStep,
    bindings,
    native,
    node,
    outline,
    sends,
)
from tests.domain.differences import Snapshot, compare


def state(*steps: BoundStep, content: Json = None) -> Snapshot:
    """Of one content, unless another is given."""
    return Snapshot("hash" if content is None else "other hash", outline(*steps), bindings(*steps), content)


def binding_change(step_id: str, kind: ReferenceKind, before: str | None, after: str | None) -> BindingChange:
    return BindingChange(step_id, kind, before, after)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({}, {}, []),
        ({"credential": "c"}, {"credential": "c"}, []),
        ({"credential": "c"}, {"credential": "d"}, [(CREDENTIAL, "c", "d")]),
        ({}, {"secret": "s"}, [(SECRET, None, "s")]),
        ({"agent": "a"}, {}, [(AGENT, "a", None)]),
        ({"topic": "t"}, {"topic": "u"}, [(TOPIC, "t", "u")]),
        # null and nothing are the same to a reader: no reference
        ({"credential": None}, {}, []),
        ({}, {"topic": None}, []),
        ({"credential": "c"}, {"credential": None}, [(CREDENTIAL, "c", None)]),
        # the kinds in their order
        (
            {"data_samples": [1], "topic": "t", "agent": "a", "secret": "s", "credential": "c"},
            {},
            [
                (CREDENTIAL, "c", None),
                (SECRET, "s", None),
                (AGENT, "a", None),
                (TOPIC, "t", None),
                (DATA_SAMPLES, None, None),
            ],
        ),
        # data samples have no ids
        ({"data_samples": ["x"]}, {"data_samples": ["x"]}, []),
        ({"data_samples": ["x"]}, {"data_samples": ["y"]}, [(DATA_SAMPLES, None, None)]),
        ({"data_samples": [1]}, {"data_samples": [1.0]}, [(DATA_SAMPLES, None, None)]),
        ({"data_samples": [1]}, {"data_samples": [True]}, [(DATA_SAMPLES, None, None)]),
        ({"data_samples": {"a": 1, "b": 2}}, {"data_samples": {"b": 2, "a": 1}}, []),
        ({}, {"data_samples": "x"}, [(DATA_SAMPLES, None, None)]),
        # nor has what stands in the place of a topic and is no text
        ({"topic": 7}, {"topic": "t"}, [(TOPIC, None, "t")]),
        ({"topic": {"id": "t"}}, {"topic": {"id": "t"}}, []),
        ({"topic": 1}, {"topic": 1.0}, [(TOPIC, None, None)]),
    ],
)
def test_what_a_step_is_bound_to(
    before: dict[str, Json], after: dict[str, Json], found: list[tuple[ReferenceKind, str | None, str | None]]
) -> None:
    changed = tuple(binding_change("1", *entry) for entry in found)
    diff = compare(state(sends("1", **before)), state(sends("1", **after)))
    assert diff == GraphDiff(identical=not found, bindings=changed, same_content=True)


def test_changes_follow_the_newer_steps_and_then_those_that_are_gone() -> None:
    before = state(sends("gone", agent="a"), sends("1", secret="s"), sends("2"), content=native(node("gone")))
    after = state(sends("2", credential="c"), sends("new", agent="b"), sends("1"), content=native(node("new")))
    diff = compare(before, Snapshot("a third hash", after.steps, after.bindings, after.content))
    assert diff.bindings == (
        binding_change("2", CREDENTIAL, None, "c"),
        binding_change("new", AGENT, None, "b"),
        binding_change("1", SECRET, "s", None),
        binding_change("gone", AGENT, "a", None),
    )


def test_bindings_follow_their_step_wherever_it_stands() -> None:
    one, two = sends("1", credential="c"), sends("2", credential="d")
    before = state(one, two, content=native(node("1"), node("2")))
    after = state(two, one, content=native(node("2"), node("1")))
    assert compare(before, Snapshot("a third hash", after.steps, after.bindings, after.content)).bindings == ()


def test_steps_that_share_an_id_are_bound_each_by_itself() -> None:
    before, after = (state(sends("1", agent=first), sends("1", agent=second)) for first, second in ("ab", "ba"))
    assert compare(before, after).bindings == (
        binding_change("1", AGENT, "a", "b"),
        binding_change("1#2", AGENT, "b", "a"),
    )


def test_a_change_names_its_step_as_it_is_called_now_or_was_when_it_went() -> None:
    before = state(
        sends("1", agent="a").named("Old"), sends("gone", agent="a").named("Gone"), content=native(node("1"))
    )
    after = state(sends("1", agent="b").named("New"), content=native(node("1", name="New")))
    diff = compare(before, Snapshot("a third hash", after.steps, after.bindings, after.content))
    assert [(change.step_id, change.step_name) for change in diff.bindings] == [("1", "New"), ("gone", "Gone")]


def test_content_and_bindings_are_told_side_by_side() -> None:
    before = state(sends("1", credential="c"), content=native(node("1")))
    after = Snapshot("a third hash", before.steps, (), native(node("1", name="New")))
    assert compare(before, after) == GraphDiff(
        identical=False,
        changed_steps=(Changed("1", (FieldChange("/name", None, "New"),)),),
        bindings=(binding_change("1", CREDENTIAL, "c", None),),
    )
