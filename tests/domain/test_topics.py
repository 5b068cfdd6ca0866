"""The table of topics, row by row, with T1 and T2; T4 stands in `test_topic_schemas.py`."""

import pytest

from app.domain.graph import Bindings
from app.domain.model import Target, Workspace
from app.domain.references import ReferenceOutcome
from app.domain.topics import FlowHasNoTopic, MultipleTopicsNotCopied, TopicNotAccessible
from tests.domain.builders import (
    DEVELOPMENT,
    ITEMS,
    LIVE_ITEMS,
    LIVE_ORDERS,
    ORDERS,
    PRODUCTION,
    TOPIC,
    BoundStep,
    flow,
    flow_there,
    publishes,
    sends,
    state,
    step,
    subscribes,
    target,
    topic,
)
from tests.domain.planning import bound, copy, export, planned, refusals, reported

EVERYTHING = (ORDERS, ITEMS, LIVE_ORDERS, LIVE_ITEMS)
MANY = MultipleTopicsNotCopied((ORDERS, ITEMS), refused=True)
Steps = tuple[BoundStep, ...]


def topics_of(bindings: Bindings) -> list[str | None]:
    return [step.reference(TOPIC) for step in bindings]


@pytest.mark.parametrize(
    ("steps", "given", "refused"),
    [
        ((sends("1"),), LIVE_ORDERS.id, FlowHasNoTopic(flow().id, flow().name)),
        ((), LIVE_ORDERS.id, FlowHasNoTopic(flow().id, flow().name)),
        ((sends("1"),), "topic_nowhere", FlowHasNoTopic(flow().id, flow().name)),
        ((publishes("1"),), ORDERS.id, TopicNotAccessible(ORDERS.id, PRODUCTION)),
        ((publishes("1"),), "topic_nowhere", TopicNotAccessible("topic_nowhere", PRODUCTION)),
        ((publishes("1", ORDERS),), ORDERS.id, TopicNotAccessible(ORDERS.id, PRODUCTION)),
        ((publishes("1", ORDERS), subscribes("2", ORDERS)), ITEMS.id, TopicNotAccessible(ITEMS.id, PRODUCTION)),
        ((publishes("1", ORDERS), subscribes("2", ITEMS)), LIVE_ORDERS.id, MANY),
        ((publishes("1", ORDERS), subscribes("2", ITEMS), publishes("3", ORDERS)), LIVE_ORDERS.id, MANY),
        ((publishes("1", ORDERS), subscribes("2", ITEMS)), "topic_nowhere", MANY),
    ],
)
def test_when_a_given_topic_is_refused(steps: Steps, given: str, refused: object) -> None:
    assert refusals(export(flow(state(*steps)), topic=given, knowing=EVERYTHING)) == (refused,)


@pytest.mark.parametrize(
    ("steps", "report"),
    [
        ((publishes("1"),), [("1", None)]),
        ((publishes("1"), sends("2"), subscribes("3")), [("1", None), ("3", None)]),
        ((publishes("1", ORDERS),), [("1", ORDERS)]),
        ((publishes("1", ORDERS), subscribes("2", ORDERS)), [("1", ORDERS), ("2", ORDERS)]),  # T1
        ((publishes("1"), subscribes("2", ORDERS), publishes("3")), [("1", None), ("2", ORDERS), ("3", None)]),  # T1
        ((step("1", "acme/pub-sub:pub", topic=None),), [("1", None)]),
    ],
)
def test_every_pub_sub_step_uses_the_given_topic(steps: Steps, report: list[tuple[str, Target | None]]) -> None:
    plan = planned(export(flow(state(*steps)), topic=LIVE_ORDERS.id, knowing=EVERYTHING))
    assert topics_of(plan.state.graph.bindings) == [LIVE_ORDERS.id] * len(report)
    assert plan.references == tuple(reported(step_id, TOPIC, before, LIVE_ORDERS) for step_id, before in report)
    assert plan.warnings == ()


CLEARED_BOTH = (reported("1", TOPIC, ORDERS, None), reported("2", TOPIC, ITEMS, None))
NOT_COPIED = MultipleTopicsNotCopied((ORDERS, ITEMS), refused=False)


@pytest.mark.parametrize(
    ("steps", "references", "warnings"),
    [
        ((), (), ()),
        ((sends("1"),), (), ()),
        ((publishes("1"), subscribes("2")), (), ()),
        ((publishes("1", ORDERS),), (reported("1", TOPIC, ORDERS, None),), ()),
        (
            (publishes("1", ORDERS), subscribes("2"), subscribes("3", ORDERS)),
            (reported("1", TOPIC, ORDERS, None), reported("3", TOPIC, ORDERS, None)),
            (),  # one topic, however often (T1): cleared and reported, but no warning
        ),
        ((publishes("1", ORDERS), subscribes("2", ITEMS)), CLEARED_BOTH, (NOT_COPIED,)),
        (
            (publishes("1", ORDERS), subscribes("2", ITEMS), subscribes("3"), subscribes("4", ORDERS)),
            (*CLEARED_BOTH, reported("4", TOPIC, ORDERS, None)),
            (NOT_COPIED,),
        ),
    ],
)
def test_without_a_topic_those_of_another_workspace_are_cleared(
    steps: Steps, references: tuple[ReferenceOutcome, ...], warnings: tuple[MultipleTopicsNotCopied, ...]
) -> None:
    plan = planned(export(flow(state(*steps)), knowing=EVERYTHING))
    assert (plan.state.graph.bindings, plan.references, plan.warnings) == ((), references, warnings)


@pytest.mark.parametrize(
    ("steps", "references"),
    [
        ((publishes("1", LIVE_ORDERS),), (reported("1", TOPIC, LIVE_ORDERS, LIVE_ORDERS),)),
        (
            (publishes("1", LIVE_ORDERS), subscribes("2", LIVE_ITEMS)),
            (reported("1", TOPIC, LIVE_ORDERS, LIVE_ORDERS), reported("2", TOPIC, LIVE_ITEMS, LIVE_ITEMS)),
        ),
    ],
)
def test_topics_that_the_destination_can_use_are_kept(steps: Steps, references: tuple[ReferenceOutcome, ...]) -> None:
    source = state(*steps)
    plan = planned(export(flow(source), knowing=EVERYTHING))
    assert (plan.state.graph.bindings, plan.references, plan.warnings) == (source.state.graph.bindings, references, ())


def test_of_several_topics_none_is_taken_over_unless_the_destination_can_use_all() -> None:
    steps = (publishes("1", LIVE_ORDERS), subscribes("2", ITEMS))
    plan = planned(export(flow(state(*steps)), knowing=EVERYTHING))
    assert plan.state.graph.bindings == ()
    assert plan.references == (reported("1", TOPIC, LIVE_ORDERS, None), reported("2", TOPIC, ITEMS, None))
    assert plan.warnings == (MultipleTopicsNotCopied((LIVE_ORDERS, ITEMS), refused=False),)


@pytest.mark.parametrize(
    ("steps", "there", "after", "cleared"),
    [
        # n = 0: X7a, else nothing to do
        ((publishes("1"),), (publishes("1", LIVE_ORDERS),), {0: LIVE_ORDERS}, None),
        ((publishes("1"),), (publishes("2", LIVE_ORDERS),), {}, None),
        # n = 1: kept if the destination can use it, else X7a, else cleared
        ((publishes("1", LIVE_ITEMS),), (publishes("1", LIVE_ORDERS),), {0: LIVE_ITEMS}, None),
        ((publishes("1", ORDERS),), (publishes("1", LIVE_ORDERS),), {0: LIVE_ORDERS}, None),
        ((publishes("1", ORDERS),), (publishes("1", ORDERS),), {}, None),
        ((publishes("1", ORDERS), subscribes("2", ORDERS)), (publishes("2", LIVE_ITEMS),), {1: LIVE_ITEMS}, None),
        # n > 1: what X7a settled stays, the rest is cleared with a warning that names it
        (
            (publishes("1", ORDERS), subscribes("2", ITEMS)),
            (publishes("1", LIVE_ORDERS), subscribes("2", LIVE_ITEMS)),
            {0: LIVE_ORDERS, 1: LIVE_ITEMS},
            None,
        ),
        ((publishes("1", ORDERS), subscribes("2", ITEMS)), (subscribes("2", LIVE_ITEMS),), {1: LIVE_ITEMS}, (ORDERS,)),
        (
            (publishes("1", ORDERS), subscribes("2", ITEMS), publishes("3", ORDERS)),
            (publishes("1", LIVE_ORDERS),),
            {0: LIVE_ORDERS},
            (ITEMS, ORDERS),
        ),
        # n > 1, all settled but a step that had no topic: nothing was cleared
        (
            (publishes("1", ORDERS), subscribes("2", ITEMS), subscribes("3")),
            (publishes("1", LIVE_ORDERS), subscribes("2", LIVE_ORDERS)),
            {0: LIVE_ORDERS, 1: LIVE_ORDERS},
            None,
        ),
    ],
)
def test_an_override_takes_the_topics_that_the_overridden_flow_has(
    steps: Steps, there: Steps, after: dict[int, Target], cleared: tuple[Target, ...] | None
) -> None:
    plan = planned(export(flow(state(*steps)), over=flow_there(state(*there)), knowing=EVERYTHING))
    assert plan.state.graph.bindings == tuple(bound(position, topic=topic) for position, topic in after.items())
    assert plan.warnings == (() if cleared is None else (MultipleTopicsNotCopied(cleared, refused=False),))


REPLACED_BOTH = (reported("1", TOPIC, ORDERS, LIVE_ORDERS), reported("2", TOPIC, ITEMS, LIVE_ORDERS))


@pytest.mark.parametrize("known", [(ORDERS,), (ITEMS,), ()])
def test_a_topic_that_is_gone_counts_as_none(known: tuple[Target, ...]) -> None:
    """W7: one topic left is one topic, and none left is none (the table)."""
    source = flow(state(publishes("1", ORDERS), subscribes("2", ITEMS)))
    plan = planned(export(source, knowing=known))
    assert (plan.references, plan.warnings) == (CLEARED_BOTH, ())
    assert planned(export(source, topic=LIVE_ORDERS.id, knowing=(*known, LIVE_ORDERS))).references == REPLACED_BOTH


def test_of_topics_that_were_cleared_the_warning_names_those_that_there_are() -> None:
    gone = topic("Gone", DEVELOPMENT)
    source = flow(state(publishes("1", ORDERS), subscribes("2", ITEMS), subscribes("3", gone)))
    plan = planned(export(source, knowing=EVERYTHING))
    assert plan.references == (*CLEARED_BOTH, reported("3", TOPIC, gone, None))
    assert plan.warnings == (NOT_COPIED,)


def test_a_given_topic_comes_before_what_the_overridden_flow_has() -> None:
    there = flow_there(state(publishes("1", LIVE_ITEMS)))
    plan = planned(export(flow(state(publishes("1"))), over=there, topic=LIVE_ORDERS.id, knowing=EVERYTHING))
    assert plan.state.graph.bindings == (bound(0, topic=LIVE_ORDERS),)


@pytest.mark.parametrize(
    "steps",
    [
        (publishes("1", ORDERS),),
        (publishes("1", ORDERS), subscribes("2", ITEMS)),
        (publishes("1", ORDERS), subscribes("2"), subscribes("3", ITEMS)),
    ],
)
def test_inside_the_same_workspace_every_topic_stays_when_none_is_given(steps: Steps) -> None:
    source = state(*steps)
    kept = tuple(
        reported(step.id, TOPIC, topic, topic)
        for step, topic in zip((step for step in steps if step.bound), (ORDERS, ITEMS), strict=False)
    )
    for outcome in (
        copy(flow(source), knowing=EVERYTHING),
        export(flow(source), to=DEVELOPMENT, knowing=EVERYTHING),
        export(flow(source), over=flow_there(state(), at=DEVELOPMENT), knowing=EVERYTHING),
    ):
        plan = planned(outcome)
        assert (plan.state.graph.bindings, plan.references, plan.warnings) == (source.state.graph.bindings, kept, ())


def test_a_topic_given_inside_the_same_workspace_follows_the_table() -> None:
    one, many = flow(state(publishes("1", ORDERS))), flow(state(publishes("1", ORDERS), publishes("2", ITEMS)))
    plan = planned(export(one, to=DEVELOPMENT, topic=ITEMS.id, knowing=EVERYTHING))
    assert plan.references == (reported("1", TOPIC, ORDERS, ITEMS),)
    assert refusals(export(many, to=DEVELOPMENT, topic=ITEMS.id, knowing=EVERYTHING)) == (MANY,)


def test_replacing_a_topic_with_itself_keeps_it() -> None:
    source = flow(state(publishes("1", ORDERS)))
    plan = planned(export(source, to=DEVELOPMENT, topic=ORDERS.id, knowing=EVERYTHING))
    assert plan.references == (reported("1", TOPIC, ORDERS, ORDERS),)


@pytest.mark.parametrize("at", [DEVELOPMENT, PRODUCTION])
def test_only_a_topic_is_accepted_as_a_topic(at: Workspace) -> None:
    agent = target(TOPIC.AGENT, "Tunnel", at)
    refused = export(flow(state(publishes("1"))), to=at, topic=agent.id, knowing=[agent])
    assert refusals(refused) == (TopicNotAccessible(agent.id, at),)


def test_a_topic_that_the_caller_cant_see_is_one_that_isnt_there() -> None:
    source, hidden = flow(state(publishes("1", ORDERS))), topic("Hidden", PRODUCTION)
    seen = refusals(export(source, topic="topic_nowhere", knowing=EVERYTHING))[0]
    unseen = refusals(export(source, topic=hidden.id, knowing=EVERYTHING))[0]
    assert isinstance(seen, TopicNotAccessible)
    assert unseen.message == seen.message.replace("topic_nowhere", hidden.id)
