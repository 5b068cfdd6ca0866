"""A graph that is sent keeps the bindings of the steps that still exist, unless it names its own."""

import json
from dataclasses import replace

import pytest

from app.domain.component import Component
from app.domain.content import split_graph, topic_fields
from app.domain.graph import Json, StepBindings, join
from app.domain.model import ReferenceKind, Target
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
    SECRET,
    STANDARD,
    TIMER,
    TOPIC,
    called,
    catalogue,
    component,
    flow,
    native,
    node,
    target,
)
from tests.domain.lifecycle import agreed, choose, reasons, state_of, update

CHANNEL = component("lab/channel", pub_sub=True, topic_field="channel")
HUB = component("lab/hub", pub_sub=True)
COMPONENTS = (*STANDARD, CHANNEL, HUB)
LOGIN, OTHER_LOGIN = (target(CREDENTIAL, name, DEVELOPMENT, of=MAILER) for name in ("Mail", "Other mail"))
KEY, TUNNEL = target(SECRET, "Mail", DEVELOPMENT, of=MAILER), target(AGENT, "Tunnel", DEVELOPMENT)
OTHER_KEY, OTHER_TUNNEL = target(SECRET, "Other", DEVELOPMENT, of=MAILER), target(AGENT, "Other", DEVELOPMENT)
THINGS = (LOGIN, OTHER_LOGIN, KEY, TUNNEL, OTHER_KEY, OTHER_TUNNEL, ORDERS, ITEMS, LIVE_ORDERS)

PUB, SUB, CHANNEL_SUB = "acme/pub-sub:pub", "acme/pub-sub:sub", "lab/channel:sub"
EVERYTHING: dict[str, Json] = {
    "credentials_id": LOGIN.id,
    "secret_id": KEY.id,
    "vpn_agent_id": TUNNEL.id,
    "selected_data_samples": ["sample"],
}
ALL_VALUES: dict[ReferenceKind, Json] = {
    CREDENTIAL: LOGIN.id,
    SECRET: KEY.id,
    AGENT: TUNNEL.id,
    DATA_SAMPLES: ["sample"],
}
OWN: dict[ReferenceKind, Json] = {
    CREDENTIAL: OTHER_LOGIN.id,
    SECRET: OTHER_KEY.id,
    AGENT: OTHER_TUNNEL.id,
    DATA_SAMPLES: [],
}
KEYS = dict(zip(OWN, EVERYTHING, strict=True))
CLEARED: dict[ReferenceKind, Json] = {kind: {key: None} for kind, key in KEYS.items()}


def saved(before: Json, sent: Json) -> tuple[StepBindings, ...]:
    """What the draft is bound to once the graph is sent for the one that was there."""
    its_flow = flow(None, state_of(before, components=COMPONENTS))
    return agreed(update(its_flow, graph=sent, knowing=THINGS, components=COMPONENTS)).state.graph.bindings


def named(*bindings: StepBindings) -> list[tuple[int, dict[ReferenceKind, Json]]]:
    """The things that steps name, by their position."""
    values = ((step.position, {kind: value for kind, value in step.values.items() if value}) for step in bindings)
    return [(position, things) for position, things in values if things]


def test_a_graph_that_names_nothing_keeps_everything() -> None:
    before = native(node("1", **EVERYTHING), node("2", PUB, fields={"topic": ORDERS.id, "more": 1}))
    sent = native(node("1", name="Other"), node("2", PUB, fields={"more": 2}), node("3"))
    assert saved(before, sent) == (StepBindings(0, ALL_VALUES), StepBindings(1, {TOPIC: ORDERS.id}, "topic"))
    assert join(sent, saved(before, sent)) == native(
        node("1", name="Other", **EVERYTHING), node("2", PUB, fields={"topic": ORDERS.id, "more": 2}), node("3")
    )


@pytest.mark.parametrize("kind", OWN)
def test_a_binding_that_the_graph_names_is_its_own_and_the_others_are_kept(kind: ReferenceKind) -> None:
    sent = native(node("1", **{KEYS[kind]: OWN[kind]}))
    assert saved(native(node("1", **EVERYTHING)), sent) == (StepBindings(0, ALL_VALUES | {kind: OWN[kind]}),)


@pytest.mark.parametrize("kind", OWN)
def test_null_in_the_graph_clears_one_binding_and_the_others_are_kept(kind: ReferenceKind) -> None:
    (left,) = saved(native(node("1", **EVERYTHING)), native(node("1", **CLEARED[kind])))
    assert left.reference(kind) is None
    assert named(left) == [(0, {other: value for other, value in ALL_VALUES.items() if other is not kind})]


@pytest.mark.parametrize(
    ("fields", "topic"),
    [
        ({"topic": ITEMS.id}, ITEMS),
        ({"topic": None}, None),
        ({}, ORDERS),
        ({"channel": ITEMS.id}, ORDERS),
        (None, ORDERS),
    ],
)
def test_a_topic_is_kept_replaced_or_cleared_as_the_graph_says(fields: Json, topic: Target | None) -> None:
    after = saved(native(node("1", PUB, fields={"topic": ORDERS.id})), native(node("1", PUB, fields=fields)))
    assert named(*after) == ([] if topic is None else [(0, {TOPIC: topic.id})])


NO_TOPICS: list[dict[str, Json]] = [
    {},
    {"fields": None},
    {"fields": {}},
    {"fields": {"topic": None}},
    {"fields": {"topic": 7}},
    {"fields": {"topic": {"id": ORDERS.id}, "more": 1}},
]


@pytest.mark.parametrize("fields", NO_TOPICS)
@pytest.mark.parametrize("topic", [None, ORDERS.id])
@pytest.mark.parametrize("components", [COMPONENTS, (TIMER,)])
def test_a_graph_that_is_sent_back_unchanged_is_no_edit(
    fields: dict[str, Json], topic: str | None, components: tuple[Component, ...]
) -> None:
    """Also where its pub/sub step had no topic before one was chosen, and where its component is unknown by now."""
    graph = native(node("1", PUB, **fields))
    content = split_graph(graph, topic_fields(catalogue(*COMPONENTS), DEVELOPMENT.contract.tenant_id))
    draft = state_of(graph, components=COMPONENTS)
    if topic is not None:
        draft = replace(draft, state=agreed(update(flow(None, draft), choose("1", topic=topic), knowing=THINGS)).state)
    sent = join(json.loads(content.canonical), draft.state.graph.bindings)
    plan = agreed(update(flow(None, draft), graph=sent, knowing=THINGS, components=components))
    assert plan.state == draft.state


@pytest.mark.parametrize("value", [7, {"id": ORDERS.id}])
def test_what_stands_in_the_place_of_a_topic_and_is_no_text_goes_with_the_graph_that_has_it_no_more(
    value: Json,
) -> None:
    assert saved(native(node("1", PUB, fields={"topic": value})), native(node("1", PUB, fields={}))) == ()


@pytest.mark.parametrize(
    ("before", "sent", "kept"),
    [
        # matched by id, wherever the step stands
        ([node("1"), node("2", **EVERYTHING)], [node("2"), node("1")], [(0, ALL_VALUES)]),
        ([node("1", **EVERYTHING)], [node("0"), node("9"), node("1")], [(2, ALL_VALUES)]),
        # what went is gone, what came has nothing
        ([node("1", **EVERYTHING)], [node("2")], []),
        ([node("1", **EVERYTHING)], [], []),
        # another function or version of the component
        ([node("1", **EVERYTHING)], [node("1", "acme/mailer:other@7")], [(0, ALL_VALUES)]),
        # of another component a credential and a secret can't be used
        ([node("1", **EVERYTHING)], [node("1", "acme/timer:x")], [(0, {AGENT: TUNNEL.id, DATA_SAMPLES: ["sample"]})]),
        # a topic is any pub/sub step's
        ([node("1", PUB, fields={"topic": ORDERS.id})], [node("1", SUB)], [(0, {TOPIC: ORDERS.id})]),
        ([node("1", PUB, fields={"topic": ORDERS.id})], [node("1", "lab/hub:x")], [(0, {TOPIC: ORDERS.id})]),
        ([node("1", PUB, fields={"topic": ORDERS.id})], [node("1", "acme/timer:x")], []),
        # where ids repeat, each keeps its own
        (
            [node("1", credentials_id=LOGIN.id), node("1", credentials_id=OTHER_LOGIN.id)],
            [node("1"), node("1"), node("1")],
            [(0, {CREDENTIAL: LOGIN.id}), (1, {CREDENTIAL: OTHER_LOGIN.id})],
        ),
        ([node("1"), node("1", credentials_id=LOGIN.id)], [node("1"), node("1")], [(1, {CREDENTIAL: LOGIN.id})]),
    ],
)
def test_which_steps_still_exist(before: list[Json], sent: list[Json], kept: list[object]) -> None:
    assert named(*saved(native(*before), native(*sent))) == kept


def test_a_topic_stands_where_the_components_want_it() -> None:
    before, sent = native(node("1", PUB, fields={"topic": ORDERS.id})), native(node("1", CHANNEL_SUB))
    assert saved(before, sent) == (StepBindings(0, {TOPIC: ORDERS.id}, "channel"),)


UNKNOWN = flow(
    None,
    state_of(
        native(node("1", **EVERYTHING), node("2", PUB, fields={"topic": ORDERS.id}), node("3", PUB, secret_id=None))
    ),
)


@pytest.mark.parametrize(
    "sent",
    [
        native(node("1", name="New"), node("2", PUB, fields={})),
        native(node("1", "acme/mailer:other@1", vpn_agent_id=TUNNEL.id), node("2", SUB)),
        native(node("1"), node("2", PUB, fields={"topic": ORDERS.id})),
        native(node("1"), node("2", PUB, fields={"topic": ORDERS.id}), node("3", PUB)),
    ],
)
def test_a_step_of_a_component_that_is_unknown_by_now_keeps_what_it_has(sent: Json) -> None:
    plan = agreed(update(UNKNOWN, graph=sent, knowing=THINGS, components=[TIMER]))
    assert plan.state.graph.bindings[:2] == (StepBindings(0, ALL_VALUES), StepBindings(1, {TOPIC: ORDERS.id}, "topic"))
    assert plan.content is not None
    assert ORDERS.id not in plan.content.canonical


def test_a_step_that_changes_from_or_to_an_unknown_component_takes_no_credential_or_topic_along() -> None:
    sent = native(node("1", "lab/gone:x"), node("2", "lab/lost:x"))
    rest = StepBindings(0, {AGENT: TUNNEL.id, DATA_SAMPLES: ["sample"]})
    assert agreed(update(UNKNOWN, graph=sent, knowing=THINGS)).state.graph.bindings == (rest,)
    assert agreed(update(UNKNOWN, graph=sent, knowing=THINGS, components=[TIMER])).state.graph.bindings == (rest,)
    assert agreed(
        update(UNKNOWN, graph=native(node("1", "acme/timer:x")), components=[TIMER])
    ).state.graph.bindings == (rest,)


def test_without_a_draft_the_bindings_of_the_published_version_are_kept() -> None:
    published, other = (
        state_of(native(node("1", credentials_id=login.id)), state_id=its_id)
        for login, its_id in ((LOGIN, "version_1"), (OTHER_LOGIN, "draft_1"))
    )
    sent = native(node("1", name="New"))
    assert named(*agreed(update(flow(published), graph=sent)).state.graph.bindings) == [(0, {CREDENTIAL: LOGIN.id})]
    assert named(*agreed(update(flow(published, other), graph=sent)).state.graph.bindings) == [
        (0, {CREDENTIAL: OTHER_LOGIN.id})
    ]


def test_what_a_step_had_before_is_not_asked_again() -> None:
    before = native(node("1", **EVERYTHING), node("2", PUB, fields={"topic": LIVE_ORDERS.id}))
    its_flow = flow(None, state_of(before))
    for plan in (update(its_flow, graph=native(node("1"), node("2", PUB))), update(its_flow, name="New")):
        assert agreed(plan).state.graph.bindings == state_of(before).state.graph.bindings


def test_what_a_graph_names_is_asked_every_step_and_kind_at_once() -> None:
    nowhere = {"credentials_id": "c", "secret_id": "s", "vpn_agent_id": "a"}
    sent = native(
        node("2", PUB, fields={"topic": LIVE_ORDERS.id}, vpn_agent_id="a"),
        node("1", **nowhere),
        node("3", "acme/timer:x", credentials_id=LOGIN.id),  # belongs to another component
        node("4", credentials_id=OTHER_LOGIN.id),
        node("5", SUB, fields={"topic": "t"}),
    )
    assert reasons(update(flow(None, state_of(native(node("1")))), graph=sent, knowing=THINGS)) == (
        TopicNotAccessible(LIVE_ORDERS.id, DEVELOPMENT, called("2")),
        TopicNotAccessible("t", DEVELOPMENT, called("5")),
        CredentialNotAccessible(AGENT, "a", DEVELOPMENT, called("2")),
        CredentialNotAccessible(CREDENTIAL, "c", DEVELOPMENT, called("1")),
        CredentialNotAccessible(SECRET, "s", DEVELOPMENT, called("1")),
        CredentialNotAccessible(AGENT, "a", DEVELOPMENT, called("1")),
        CredentialNotAccessible(CREDENTIAL, LOGIN.id, DEVELOPMENT, called("3")),
    )


def test_a_graph_that_is_sent_back_can_be_saved_although_something_it_names_has_disappeared() -> None:
    before = native(node("1", **EVERYTHING))
    its_flow = flow(None, state_of(before, components=COMPONENTS))
    plan = agreed(update(its_flow, graph=before, knowing=(), components=COMPONENTS))
    assert named(*plan.state.graph.bindings) == [(0, ALL_VALUES)]


def test_what_a_graph_names_anew_has_to_be_there_even_beside_what_has_disappeared() -> None:
    before = native(node("1", **EVERYTHING))
    sent = native(node("1", **EVERYTHING), node("2", credentials_id=LOGIN.id))
    its_flow = flow(None, state_of(before, components=COMPONENTS))
    [refusal] = reasons(update(its_flow, graph=sent, knowing=(), components=COMPONENTS))
    assert isinstance(refusal, CredentialNotAccessible)
    assert (refusal.step and refusal.step.id, refusal.reference_id) == ("2", LOGIN.id)
