"""Bindings and mappings in the call (P2, P3, T3): what decides a reference, first to last, and what is refused."""

import pytest

from app.domain.bindings import AgentNotCopied
from app.domain.choices import ReferenceMapping, StepChoice
from app.domain.errors import Refusal
from app.domain.graph import StepBindings
from app.domain.model import ReferenceKind, Target
from app.domain.references import CredentialNotAccessible
from app.domain.topics import MultipleTopicsNotCopied, TopicNotAccessible, TopicSchemaMismatch
from tests.domain.builders import (
    AGENT,
    CREDENTIAL,
    DEVELOPMENT,
    ITEMS,
    LIVE_ORDERS,
    MAILER,
    ORDERS,
    PRODUCTION,
    SECRET,
    TIMER,
    TOPIC,
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
from tests.domain.lifecycle import choose
from tests.domain.planning import bound, export, mappings_of, planned, refusals, reported

LOGIN, TUNNEL = target(CREDENTIAL, "Mail", DEVELOPMENT, of=MAILER), target(AGENT, "Tunnel", DEVELOPMENT)
KEY, LIVE_KEY = (target(SECRET, at.name, at, of=MAILER) for at in (DEVELOPMENT, PRODUCTION))
GIVEN, MAPPED, THERE, TIMERS = (
    target(CREDENTIAL, name, PRODUCTION, of=component)
    for name, component in (("Given", MAILER), ("Mapped", MAILER), ("There", MAILER), ("Timers", TIMER))
)
LIVE_TUNNEL, OTHER_TUNNEL = (target(AGENT, name, PRODUCTION) for name in ("Live tunnel", "Other tunnel"))
LIVE_ITEMS, OTHER_ORDERS = topic("Live items", PRODUCTION), topic("Other orders", PRODUCTION)
THINGS = (
    *(LOGIN, TUNNEL, KEY, LIVE_KEY, GIVEN, MAPPED, THERE, TIMERS, LIVE_TUNNEL, OTHER_TUNNEL),
    *(ORDERS, ITEMS, LIVE_ORDERS, LIVE_ITEMS, OTHER_ORDERS),
)
SENDER = flow(state(sends("1", credential=LOGIN.id)))
OVER = flow_there(state(sends("1", credential=THERE.id)))
Given = dict[str, list[ReferenceMapping] | list[StepChoice]]
TO_MAPPED: Given = {"mappings": mappings_of((LOGIN, MAPPED))}
SHARED: Given = {"shared": mappings_of((LOGIN, MAPPED))}
CHOSEN: Given = {"bindings": [choose("1", credential=GIVEN.id)]}
CLEARED: Given = {"bindings": [choose("1", credential=None)]}


@pytest.mark.parametrize(
    ("over", "given", "after"),
    [
        (None, {}, None),
        (OVER, {}, THERE),
        (OVER, TO_MAPPED, MAPPED),
        (OVER, SHARED, MAPPED),
        (OVER, {"mappings": mappings_of((LOGIN, GIVEN)), **SHARED}, GIVEN),
        (OVER, {**TO_MAPPED, **CHOSEN}, GIVEN),
        (OVER, {**TO_MAPPED, **CLEARED}, None),
        (OVER, CLEARED, None),
        (None, CHOSEN, GIVEN),
        (None, {"mappings": mappings_of((KEY, LIVE_KEY), (ORDERS, "topic_gone"))}, None),  # Nothing that is used.
        (OVER, {"bindings": [choose("1", agent=LIVE_TUNNEL.id)]}, THERE),
    ],
)
def test_what_decides_a_credential_first_to_last(over: None, given: Given, after: Target | None) -> None:
    """P2: a binding for the step, a mapping, X7, X7a, else it is cleared. X7b: each is reported once."""
    plan = planned(export(SENDER, over=over, knowing=THINGS, **given))  # type: ignore[arg-type]
    credential, *others = plan.references
    assert credential == reported("1", CREDENTIAL, LOGIN, after)
    assert [outcome.kind for outcome in others] == [AGENT] * (
        given == {"bindings": [choose("1", agent=LIVE_TUNNEL.id)]}
    )


def test_a_mapping_comes_before_what_would_be_kept_in_the_workspace_itself() -> None:
    second = target(CREDENTIAL, "Second", DEVELOPMENT, of=MAILER)
    plan = planned(export(SENDER, to=DEVELOPMENT, knowing=(*THINGS, second), mappings=mappings_of((LOGIN, second))))
    assert plan.state.graph.bindings == (bound(0, credential=second),)


def test_bindings_are_reported_also_where_the_source_had_nothing() -> None:
    """X7b: in the order of the steps, and within a step of the kinds."""
    source = flow(state(publishes("1"), sends("2")))
    plan = planned(
        export(
            source,
            knowing=THINGS,
            bindings=[
                choose("2", agent=LIVE_TUNNEL.id, credential=GIVEN.id, secret=LIVE_KEY.id),
                choose("1", topic=LIVE_ORDERS.id),
            ],
        )
    )
    assert plan.references == (
        reported("1", TOPIC, None, LIVE_ORDERS),
        reported("2", CREDENTIAL, None, GIVEN),
        reported("2", SECRET, None, LIVE_KEY),
        reported("2", AGENT, None, LIVE_TUNNEL),
    )


@pytest.mark.parametrize(
    ("given", "warned"),
    [
        ({}, ["1", "2"]),
        ({"mappings": mappings_of((TUNNEL, LIVE_TUNNEL))}, []),
        ({"bindings": [choose("1", agent=LIVE_TUNNEL.id)]}, ["2"]),
        ({"bindings": [choose("1", agent=None)]}, ["2"]),  # Whoever says so needs no warning.
    ],
)
def test_agents_that_something_takes_the_place_of_are_no_warning(given: Given, warned: list[str]) -> None:
    """X7c."""
    source = flow(state(sends("1", agent=TUNNEL.id), sends("2", agent=TUNNEL.id)))
    plan = planned(export(source, knowing=THINGS, **given))  # type: ignore[arg-type]
    told = [step.id for warning in plan.warnings if isinstance(warning, AgentNotCopied) for step in warning.steps]
    assert told == warned


SEVERAL = flow(state(publishes("1", ORDERS), subscribes("2", ITEMS), publishes("3", ORDERS), publishes("4")))


@pytest.mark.parametrize(
    ("given", "topics", "cleared"),
    [
        ({}, (None, None, None, None), (ORDERS, ITEMS)),
        ({"mappings": mappings_of((ORDERS, LIVE_ORDERS))}, (LIVE_ORDERS, None, LIVE_ORDERS, None), (ITEMS,)),
        (
            {"mappings": mappings_of((ORDERS, LIVE_ORDERS), (ITEMS, LIVE_ITEMS))},
            (LIVE_ORDERS, LIVE_ITEMS, LIVE_ORDERS, None),
            (),
        ),
        (
            {"mappings": mappings_of((ORDERS, LIVE_ORDERS)), "bindings": [choose("2", topic=LIVE_ITEMS.id)]},
            (LIVE_ORDERS, LIVE_ITEMS, LIVE_ORDERS, None),
            (),
        ),
        (
            {
                "mappings": mappings_of((ORDERS, LIVE_ORDERS)),
                "bindings": [
                    choose("1", topic=OTHER_ORDERS.id),
                    choose("2", topic=None),
                    choose("4", topic=LIVE_ITEMS.id),
                ],
            },
            (OTHER_ORDERS, None, LIVE_ORDERS, LIVE_ITEMS),
            (),
        ),
    ],
)
def test_the_topics_of_a_flow_with_many(
    given: Given, topics: tuple[Target | None, ...], cleared: tuple[Target, ...]
) -> None:
    """T3, P3: what isn't mapped follows the row n > 1; where all are mapped there is no warning."""
    plan = planned(export(SEVERAL, knowing=THINGS, **given))  # type: ignore[arg-type]
    after = {binding.position: binding.reference(TOPIC) for binding in plan.state.graph.bindings}
    assert [after.get(position) for position in range(4)] == [None if one is None else one.id for one in topics]
    told = [warning for warning in plan.warnings if not isinstance(warning, TopicSchemaMismatch)]
    assert told == ([MultipleTopicsNotCopied(cleared, refused=False)] if cleared else [])


def test_topics_that_are_left_are_kept_only_where_all_that_are_left_can_be_used() -> None:
    """P3: one of the two that aren't mapped lives in the destination."""
    source = flow(state(publishes("1", ORDERS), publishes("2", ITEMS), publishes("3", LIVE_ITEMS)))
    some = planned(export(source, knowing=THINGS, mappings=mappings_of((ORDERS, LIVE_ORDERS))))
    both = planned(export(source, knowing=THINGS, mappings=mappings_of((ORDERS, LIVE_ORDERS), (ITEMS, OTHER_ORDERS))))
    assert some.state.graph.bindings == (bound(0, topic=LIVE_ORDERS),)
    assert both.state.graph.bindings == (
        bound(0, topic=LIVE_ORDERS),
        bound(1, topic=OTHER_ORDERS),
        bound(2, topic=LIVE_ITEMS),
    )


def misplaced(
    kind: ReferenceKind, id_: str, at: str, *, by: Target | None = None
) -> tuple[ReferenceKind, str, str, str]:
    return (kind, id_, at, "" if by is None else by.id)


ELSEWHERE = target(CREDENTIAL, "Elsewhere", DEVELOPMENT, of=MAILER)
TWO = flow(
    state(sends("1", credential=LOGIN.id, agent=TUNNEL.id), publishes("2", ORDERS), step("3", "acme/timer:tick"))
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"mappings": mappings_of((LOGIN, ELSEWHERE))},
            [misplaced(CREDENTIAL, ELSEWHERE.id, "mappings/0/toId", by=LOGIN)],
        ),
        ({"mappings": mappings_of((LOGIN, TIMERS))}, [misplaced(CREDENTIAL, TIMERS.id, "mappings/0/toId", by=LOGIN)]),
        (
            {"mappings": mappings_of((LOGIN, "nonsense"))},
            [misplaced(CREDENTIAL, "nonsense", "mappings/0/toId", by=LOGIN)],
        ),
        (
            {"mappings": mappings_of((ORDERS, ITEMS), (TUNNEL, TUNNEL), (LOGIN, GIVEN))},
            [
                misplaced(TOPIC, ITEMS.id, "mappings/0/toId", by=ORDERS),
                misplaced(AGENT, TUNNEL.id, "mappings/1/toId", by=TUNNEL),
            ],
        ),
        (
            {
                "bindings": [
                    choose("3", credential=GIVEN.id),
                    choose("1", credential=TIMERS.id, secret=KEY.id, agent="agent_gone"),
                    choose("2", topic=ITEMS.id),
                ]
            },
            [
                misplaced(TOPIC, ITEMS.id, "bindings/2/topicId"),
                misplaced(CREDENTIAL, TIMERS.id, "bindings/1/credentialId"),
                misplaced(SECRET, KEY.id, "bindings/1/secretId"),
                misplaced(AGENT, "agent_gone", "bindings/1/agentId"),
                misplaced(CREDENTIAL, GIVEN.id, "bindings/0/credentialId"),
            ],
        ),
        # The mapping is of no use for the step, but has to be one.
        (
            {"mappings": mappings_of((LOGIN, ELSEWHERE)), **CHOSEN},
            [misplaced(CREDENTIAL, ELSEWHERE.id, "mappings/0/toId", by=LOGIN)],
        ),
        ({"mappings": mappings_of((LOGIN, TIMERS)), **CHOSEN}, []),
    ],
)
def test_what_is_given_lives_in_the_destination_and_fits_the_step(given: Given, expected: list[object]) -> None:
    """P2: all mistakes at once, each at its path."""
    outcome = export(TWO, knowing=(*THINGS, ELSEWHERE), **given)  # type: ignore[arg-type]
    found = refusals(outcome) if expected else ()
    assert [described(one) for one in found] == expected


def described(refusal: Refusal) -> tuple[ReferenceKind, str, str, str]:
    if isinstance(refusal, TopicNotAccessible):
        return TOPIC, refusal.topic_id, "/".join(refusal.path), refusal.mapped_from or ""
    assert isinstance(refusal, CredentialNotAccessible)
    return refusal.kind, refusal.reference_id, "/".join(refusal.path), refusal.mapped_from or ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"mappings": mappings_of((LOGIN, LIVE_ORDERS))}, ["mappings/0/toId"]),
        ({"mappings": mappings_of((KEY, LIVE_TUNNEL))}, ["mappings/0/toId"]),  # Whether it is used or not.
        ({"mappings": mappings_of((KEY, LIVE_KEY), (LOGIN, GIVEN), (KEY, LIVE_KEY))}, ["mappings/2/fromId"]),
        ({"topic": LIVE_ORDERS.id, "mappings": mappings_of((ORDERS, LIVE_ORDERS))}, ["topicId"]),
        ({"topic": LIVE_ORDERS.id, "shared": mappings_of((ORDERS, LIVE_ORDERS))}, ["topicId"]),
        (
            {"bindings": [choose("9", agent=None), choose("1", topic=LIVE_ORDERS.id)]},
            ["bindings/0/stepId", "bindings/1/topicId"],
        ),
        ({"bindings": [choose("1", agent=None), choose("1", credential=None)]}, ["bindings/1/stepId"]),
    ],
)
def test_what_cannot_be_meant_is_invalid_at_its_place(given: Given, expected: list[str]) -> None:
    """P2."""
    found = refusals(export(TWO, knowing=THINGS, **given))  # type: ignore[arg-type]
    assert [(one.code.value, "/".join(one.path)) for one in found] == [("INVALID_INPUT", path) for path in expected]


def test_a_topic_together_with_a_mapping_of_one_that_the_flow_does_not_use_is_fine() -> None:
    plan = planned(export(TWO, knowing=THINGS, topic=LIVE_ORDERS.id, mappings=mappings_of((ITEMS, "topic_gone"))))
    assert plan.state.graph.bindings == (bound(1, topic=LIVE_ORDERS),)


def test_what_is_given_is_checked_as_far_as_source_and_destination_are_found() -> None:
    """X11."""
    twice, wrong = mappings_of((KEY, LIVE_KEY), (KEY, LIVE_KEY)), [choose("9", agent="agent_gone")]
    nowhere = refusals(export(TWO, to=None, knowing=THINGS, mappings=twice, bindings=wrong))
    nothing = refusals(export(None, knowing=THINGS, mappings=twice, bindings=wrong))
    assert [one.path for one in nowhere[1:]] == [("mappings", "1", "fromId"), ("bindings", "0", "stepId")]
    assert [one.path for one in nothing[1:]] == [("mappings", "1", "fromId")]


def test_what_a_step_keeps_under_another_kind_is_not_mapped() -> None:
    """An id stands where ids of another kind belong: what it names by its prefix isn't used."""
    odd = flow(state(sends("1", credential=TUNNEL.id)))
    plan = planned(export(odd, knowing=THINGS, mappings=mappings_of((TUNNEL, "agent_gone"))))
    assert plan.state.graph.bindings == ()


def test_a_null_that_stood_in_the_step_stays_where_nothing_is_chosen() -> None:
    odd = flow(state(sends("1", credential=None, agent=None)))
    plan = planned(export(odd, knowing=THINGS, bindings=[choose("1", agent=LIVE_TUNNEL.id)]))
    assert plan.state.graph.bindings == (StepBindings(0, {CREDENTIAL: None, AGENT: LIVE_TUNNEL.id}),)
