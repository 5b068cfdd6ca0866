"""Choosing step by step what a draft is bound to: an id sets, null clears, what is absent is left."""

import pytest

from app.domain.choices import StepChoice
from app.domain.edit import Saved
from app.domain.graph import Json, StepBindings
from app.domain.input import InvalidInput
from app.domain.model import DraftId, ReferenceKind, Target
from app.domain.references import CredentialNotAccessible
from app.domain.topics import TopicNotAccessible
from tests.domain.builders import (
    AGENT,
    CREDENTIAL,
    DATA_SAMPLES,
    DEVELOPMENT,
    ITEMS,
    LIVE_ORDERS,
    MAILER,
    ORDERS,
    PRODUCTION,
    SECRET,
    STANDARD,
    TIMER,
    TOPIC,
    called,
    component,
    flow,
    native,
    node,
    target,
)
from tests.domain.lifecycle import agreed, choose, reasons, state_of, update
from tests.domain.planning import bound

CHANNEL = component("lab/channel", pub_sub=True, topic_field="channel")
COMPONENTS = (*STANDARD, CHANNEL)
LOGIN, OTHER_LOGIN = (target(CREDENTIAL, name, DEVELOPMENT, of=MAILER) for name in ("Mail", "Other mail"))
KEY, TUNNEL = target(SECRET, "Mail", DEVELOPMENT, of=MAILER), target(AGENT, "Tunnel", DEVELOPMENT)
TIMERS_LOGIN, TIMERS_KEY = (target(kind, "Timer", DEVELOPMENT, of=TIMER) for kind in (CREDENTIAL, SECRET))
LIVE_LOGIN, LIVE_KEY = (target(kind, "Live", PRODUCTION, of=MAILER) for kind in (CREDENTIAL, SECRET))
LIVE_TUNNEL = target(AGENT, "Live", PRODUCTION)
THINGS = (
    *(LOGIN, OTHER_LOGIN, KEY, TUNNEL, TIMERS_LOGIN, TIMERS_KEY),
    *(LIVE_LOGIN, LIVE_KEY, LIVE_TUNNEL, ORDERS, ITEMS, LIVE_ORDERS),
)
PUB = "acme/pub-sub:pub"
GRAPH = native(
    node("1", credentials_id=LOGIN.id, selected_data_samples=["sample"]),
    node("2", PUB, fields={"topic": ORDERS.id}),
    node("3", vpn_agent_id=TUNNEL.id),
    node("4", "lab/channel:sub", fields={}),
    node("5", "lab/gone:x"),
)
FLOW = flow(None, state_of(GRAPH, components=COMPONENTS))
FIRST = StepBindings(0, {CREDENTIAL: LOGIN.id, DATA_SAMPLES: ["sample"]})
SECOND, THIRD = bound(1, topic=ORDERS), bound(2, agent=TUNNEL)
SAMPLES = StepBindings(0, {DATA_SAMPLES: ["sample"]})


def saved(*choices: StepChoice) -> tuple[StepBindings, ...]:
    return agreed(update(FLOW, *choices, knowing=THINGS, components=COMPONENTS)).state.graph.bindings


@pytest.mark.parametrize(
    ("choices", "after"),
    [
        # an id sets, and nothing else changes
        (
            [choose("1", credential=OTHER_LOGIN.id)],
            [StepBindings(0, {CREDENTIAL: OTHER_LOGIN.id, DATA_SAMPLES: ["sample"]}), SECOND, THIRD],
        ),
        ([choose("1", secret=KEY.id)], [StepBindings(0, {**FIRST.values, SECRET: KEY.id}), SECOND, THIRD]),
        ([choose("1", agent=TUNNEL.id)], [StepBindings(0, {**FIRST.values, AGENT: TUNNEL.id}), SECOND, THIRD]),
        ([choose("2", topic=ITEMS.id)], [FIRST, bound(1, topic=ITEMS), THIRD]),
        ([choose("3", credential=LOGIN.id)], [FIRST, SECOND, bound(2, credential=LOGIN, agent=TUNNEL)]),
        ([choose("4", topic=ITEMS.id)], [FIRST, SECOND, THIRD, StepBindings(3, {TOPIC: ITEMS.id}, "channel")]),
        ([choose("5", agent=TUNNEL.id)], [FIRST, SECOND, THIRD, bound(4, agent=TUNNEL)]),
        # null clears, whether there was something or not
        ([choose("1", credential=None)], [SAMPLES, SECOND, THIRD]),
        ([choose("2", topic=None)], [FIRST, THIRD]),
        ([choose("3", agent=None)], [FIRST, SECOND]),
        ([choose("5", credential=None, secret=None, agent=None, topic=None)], [FIRST, SECOND, THIRD]),
        ([choose("1", topic=None)], [FIRST, SECOND, THIRD]),  # though it is no pub/sub step
        # several choices, in any order
        (
            [choose("3", agent=None), choose("1", credential=None, agent=TUNNEL.id)],
            [StepBindings(0, {AGENT: TUNNEL.id, DATA_SAMPLES: ["sample"]}), SECOND],
        ),
    ],
)
def test_what_a_choice_makes_of_the_bindings(choices: list[StepChoice], after: list[StepBindings]) -> None:
    assert saved(*choices) == tuple(after)


def test_choices_are_no_change_of_the_content() -> None:
    plan = agreed(
        update(FLOW, choose("1", credential=None), choose("4", topic=ITEMS.id), knowing=THINGS, components=COMPONENTS)
    )
    assert (plan.content, plan.state.content_hash) == (None, state_of(GRAPH, components=COMPONENTS).state.content_hash)


@pytest.mark.parametrize(
    ("sent", "choices", "after"),
    [
        (node("1"), [choose("1", credential=OTHER_LOGIN.id)], {CREDENTIAL: OTHER_LOGIN.id, DATA_SAMPLES: ["sample"]}),
        (node("1"), [choose("1", credential=None)], {DATA_SAMPLES: ["sample"]}),
        (node("1", credentials_id=OTHER_LOGIN.id), [choose("1", credential=LOGIN.id)], FIRST.values),
        (node("1", credentials_id="nowhere"), [choose("1", credential=LOGIN.id)], FIRST.values),
        (node("1", credentials_id="nowhere"), [choose("1", credential=None)], {DATA_SAMPLES: ["sample"]}),
        (node("1", credentials_id=None), [choose("1", credential=LOGIN.id)], FIRST.values),
        (node("new", secret_id=KEY.id), [choose("new", agent=TUNNEL.id)], {SECRET: KEY.id, AGENT: TUNNEL.id}),
        (node("2", PUB, fields={"topic": "nowhere"}), [choose("2", topic=ITEMS.id)], {TOPIC: ITEMS.id}),
    ],
)
def test_a_choice_has_the_last_word_over_the_graph_that_comes_with_it(
    sent: Json, choices: list[StepChoice], after: dict[ReferenceKind, Json]
) -> None:
    plan = agreed(update(FLOW, *choices, graph=native(sent), knowing=THINGS, components=COMPONENTS))
    assert [step.values for step in plan.state.graph.bindings] == [after]


@pytest.mark.parametrize(
    ("kind", "thing"),
    [
        (CREDENTIAL, LIVE_LOGIN),  # lives elsewhere
        (CREDENTIAL, TIMERS_LOGIN),  # belongs to another component
        (CREDENTIAL, KEY),  # is a secret
        (SECRET, LIVE_KEY),
        (SECRET, TIMERS_KEY),
        (SECRET, LOGIN),
        (AGENT, LIVE_TUNNEL),
        (AGENT, LOGIN),
        (CREDENTIAL, target(CREDENTIAL, "nowhere", DEVELOPMENT, of=MAILER)),
        (AGENT, target(AGENT, "nowhere", DEVELOPMENT)),
    ],
)
def test_what_a_step_cannot_use_cannot_be_chosen(kind: ReferenceKind, thing: Target) -> None:
    outcome = update(FLOW, StepChoice("3", {kind: thing.id}), knowing=THINGS, components=COMPONENTS)
    assert reasons(outcome) == (CredentialNotAccessible(kind, thing.id, DEVELOPMENT, called("3")),)


@pytest.mark.parametrize("thing", [LIVE_ORDERS.id, "topic_nowhere", "", TUNNEL.id])
def test_a_topic_that_lives_elsewhere_cannot_be_chosen(thing: str) -> None:
    outcome = update(FLOW, choose("2", topic=thing), knowing=THINGS, components=COMPONENTS)
    assert reasons(outcome) == (TopicNotAccessible(thing, DEVELOPMENT, called("2")),)


def test_of_an_unknown_component_nothing_can_be_a_credential() -> None:
    outcome = update(FLOW, choose("5", credential=LOGIN.id), knowing=THINGS, components=COMPONENTS)
    assert reasons(outcome) == (CredentialNotAccessible(CREDENTIAL, LOGIN.id, DEVELOPMENT, called("5")),)


def test_every_misplaced_choice_is_told_at_once_in_the_order_of_the_graph() -> None:
    choices = (
        choose("4", topic="t4", agent="a4"),
        choose("9", credential="c9"),
        choose("3", secret=TIMERS_KEY.id, credential=LIVE_LOGIN.id),
        choose("1", topic=ITEMS.id, agent=TUNNEL.id),
        choose("", agent=None),
        choose("2", topic=LIVE_ORDERS.id),
    )
    found = reasons(update(FLOW, *choices, knowing=THINGS, components=COMPONENTS))
    misplaced, mistakes = found[:5], found[5:]
    assert misplaced == (
        TopicNotAccessible(LIVE_ORDERS.id, DEVELOPMENT, called("2")),
        TopicNotAccessible("t4", DEVELOPMENT, called("4")),
        CredentialNotAccessible(CREDENTIAL, LIVE_LOGIN.id, DEVELOPMENT, called("3")),
        CredentialNotAccessible(SECRET, TIMERS_KEY.id, DEVELOPMENT, called("3")),
        CredentialNotAccessible(AGENT, "a4", DEVELOPMENT, called("4")),
    )
    assert mistakes == (
        InvalidInput(("bindings", "1", "stepId"), "The graph has no step 9. Name one of its steps."),
        InvalidInput(
            ("bindings", "3", "topicId"),
            "The step 1 is no pub/sub step, so it can't have a topic. Leave the topic out.",
        ),
        InvalidInput(("bindings", "4", "stepId"), 'The graph has no step "". Name one of its steps.'),
    )


@pytest.mark.parametrize(
    ("choices", "wrong"),
    [
        ([choose("3", agent=None), choose("3", agent=TUNNEL.id)], {"1"}),
        ([choose("3", credential=LOGIN.id), choose("3", secret=KEY.id)], {"1"}),  # even of different kinds
        ([choose("3", agent=None), choose("3", agent=None)], {"1"}),  # even if they say the same
        ([choose("3"), choose("1", agent=None), choose("3")], {"2"}),
        ([choose("2"), choose("1"), choose("2"), choose("1"), choose("2")], {"2", "3", "4"}),
    ],
)
def test_two_choices_for_one_step_are_refused(choices: list[StepChoice], wrong: set[str]) -> None:
    found = reasons(update(FLOW, *choices, knowing=THINGS, components=COMPONENTS))
    assert {error.path for error in found} == {("bindings", index, "stepId") for index in wrong}
    step_id = choices[int(min(wrong))].step_id
    assert found[0] == InvalidInput(
        ("bindings", min(wrong), "stepId"),
        f"An earlier binding is for the step {step_id} too. Put all that it is bound to into one.",
    )


@pytest.mark.parametrize("choices", [[], [choose("1")], [choose("1"), choose("3")]], ids=str)
def test_choices_that_choose_nothing_leave_the_draft_and_its_revision_as_they_are(choices: list[StepChoice]) -> None:
    assert update(FLOW, *choices, knowing=THINGS, components=COMPONENTS) == Saved(FLOW.id, DraftId("draft_1"))


def test_choices_that_choose_nothing_make_a_draft_where_there_is_none() -> None:
    published = flow(state_of(GRAPH, state_id="version_1", components=COMPONENTS))
    plan = agreed(update(published, knowing=THINGS, components=COMPONENTS))
    assert (plan.flow.draft_id, plan.state.graph.bindings) == (None, (FIRST, SECOND, THIRD))


def test_the_steps_are_those_of_the_graph_that_comes_with_the_choices() -> None:
    sent, choices = native(node("new")), (choose("1", agent=None), choose("new", agent=None))
    (refusal,) = reasons(update(FLOW, *choices, graph=sent, knowing=THINGS, components=COMPONENTS))
    assert refusal == InvalidInput(("bindings", "0", "stepId"), "The graph has no step 1. Name one of its steps.")


def test_without_a_draft_the_steps_of_the_published_version_are_bound() -> None:
    published = flow(state_of(GRAPH, state_id="version_1", components=COMPONENTS))
    plan = agreed(update(published, choose("3", agent=None), knowing=THINGS, components=COMPONENTS))
    assert (plan.flow.draft_id, plan.state.graph.bindings) == (None, (FIRST, SECOND))
